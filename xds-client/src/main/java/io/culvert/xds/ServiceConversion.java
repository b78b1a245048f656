package io.culvert.xds;

import io.culvert.proto.workload.NetworkAddress;
import io.culvert.xds.mesh.Cidr;
import io.culvert.xds.mesh.IpFamilies;
import io.culvert.xds.mesh.LoadBalancing;
import io.culvert.xds.mesh.NetworkCidr;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Visibility;
import io.culvert.xds.mesh.WeightedWaypoint;
import java.util.ArrayList;
import java.util.List;

/** Services as sent to services as kept. */
final class ServiceConversion {
    private ServiceConversion() {}

    static Service service(io.culvert.proto.workload.Service sent) throws BadResource {
        List<io.culvert.xds.mesh.NetworkAddress> vips = new ArrayList<>();
        List<NetworkCidr> ranges = new ArrayList<>();
        for (NetworkAddress address : sent.getAddressesList()) {
            if (address.hasLength()) {
                Cidr cidr = AddressConversion.cidr(address.getAddress(), address.getLength());
                if (cidr.prefixLength() < cidr.address().bits()) {
                    ranges.add(new NetworkCidr(address.getNetwork(), cidr));
                    continue;
                }
            }
            vips.add(new io.culvert.xds.mesh.NetworkAddress(
                    address.getNetwork(), AddressConversion.address(address.getAddress())));
        }
        List<WeightedWaypoint> waypoints = new ArrayList<>();
        for (var weighted : sent.getWeightedWaypointsList()) {
            waypoints.add(new WeightedWaypoint(
                    AddressConversion.gateway(weighted.getDestination()),
                    AddressConversion.weight(weighted.getWeight())));
        }
        Service.Builder service = Service.builder()
                .name(sent.getName())
                .namespace(sent.getNamespace())
                .hostname(sent.getHostname())
                .vips(vips)
                .cidrVips(ranges)
                .ports(AddressConversion.ports(sent.getPortsList()))
                .subjectAltNames(sent.getSubjectAltNamesList())
                .ipFamilies(ipFamilies(sent))
                .canonical(sent.getCanonical())
                .weightedWaypoints(waypoints)
                .visibility(visibility(sent));
        if (sent.hasWaypoint()) {
            service.waypoint(AddressConversion.gateway(sent.getWaypoint()));
        }
        if (sent.hasLoadBalancing()) {
            service.loadBalancing(loadBalancing(sent.getLoadBalancing()));
        }
        return service.build();
    }

    private static IpFamilies ipFamilies(io.culvert.proto.workload.Service sent) throws BadResource {
        return switch (sent.getIpFamilies()) {
            case AUTOMATIC -> IpFamilies.AUTOMATIC;
            case IPV4_ONLY -> IpFamilies.IPV4_ONLY;
            case IPV6_ONLY -> IpFamilies.IPV6_ONLY;
            case DUAL -> IpFamilies.DUAL;
            case UNRECOGNIZED -> throw BadResource.unknownEnum("ip_families", sent.getIpFamiliesValue());
        };
    }

    /** The one enumeration whose unknown values are taken for the default. */
    private static Visibility visibility(io.culvert.proto.workload.Service sent) {
        return switch (sent.getVisibility()) {
            case NAMESPACE -> Visibility.NAMESPACE;
            case PUBLIC, UNRECOGNIZED -> Visibility.PUBLIC;
        };
    }

    private static LoadBalancing loadBalancing(io.culvert.proto.workload.LoadBalancing sent) throws BadResource {
        List<LoadBalancing.Scope> preference = new ArrayList<>();
        for (int i = 0; i < sent.getRoutingPreferenceCount(); i++) {
            preference.add(scope(sent.getRoutingPreference(i), sent.getRoutingPreferenceValue(i)));
        }
        return new LoadBalancing(preference, mode(sent), healthPolicy(sent));
    }

    private static LoadBalancing.Scope scope(io.culvert.proto.workload.LoadBalancing.Scope sent, int number)
            throws BadResource {
        return switch (sent) {
            case REGION -> LoadBalancing.Scope.REGION;
            case ZONE -> LoadBalancing.Scope.ZONE;
            case SUBZONE -> LoadBalancing.Scope.SUBZONE;
            case NODE -> LoadBalancing.Scope.NODE;
            case CLUSTER -> LoadBalancing.Scope.CLUSTER;
            case NETWORK -> LoadBalancing.Scope.NETWORK;
            case UNSPECIFIED_SCOPE, UNRECOGNIZED -> throw BadResource.unknownEnum("routing_preference", number);
        };
    }

    private static LoadBalancing.Mode mode(io.culvert.proto.workload.LoadBalancing sent) throws BadResource {
        return switch (sent.getMode()) {
            case UNSPECIFIED_MODE -> LoadBalancing.Mode.STANDARD;
            case STRICT -> LoadBalancing.Mode.STRICT;
            case FAILOVER -> LoadBalancing.Mode.FAILOVER;
            case PASSTHROUGH -> LoadBalancing.Mode.PASSTHROUGH;
            case UNRECOGNIZED -> throw BadResource.unknownEnum("mode", sent.getModeValue());
        };
    }

    private static LoadBalancing.HealthPolicy healthPolicy(io.culvert.proto.workload.LoadBalancing sent)
            throws BadResource {
        return switch (sent.getHealthPolicy()) {
            case ONLY_HEALTHY -> LoadBalancing.HealthPolicy.ONLY_HEALTHY;
            case ALLOW_ALL -> LoadBalancing.HealthPolicy.ALLOW_ALL;
            case UNRECOGNIZED -> throw BadResource.unknownEnum("health_policy", sent.getHealthPolicyValue());
        };
    }
}
