package io.culvert.xds;

import com.google.protobuf.ByteString;
import io.culvert.proto.workload.PortList;
import io.culvert.xds.mesh.ApplicationTunnel;
import io.culvert.xds.mesh.Cidr;
import io.culvert.xds.mesh.GatewayAddress;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.Locality;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.NetworkMode;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Workload;
import io.culvert.xds.mesh.WorkloadStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Workloads as sent to workloads as kept, and the parts that services share with them. */
final class AddressConversion {
    private static final String DEFAULT_TRUST_DOMAIN = "cluster.local";
    private static final String DEFAULT_SERVICE_ACCOUNT = "default";
    private static final String DEFAULT_CLUSTER = "Kubernetes";
    /** How many bits of an IPv4-mapped IPv6 address are the mapping. */
    private static final int MAPPED_BITS = 96;

    private AddressConversion() {}

    /**
     * A workload, if all of it can be read.
     *
     * @param resourceName is the uid as a rule, and then one string serves for both
     */
    static Workload workload(String resourceName, io.culvert.proto.workload.Workload sent) throws BadResource {
        if (sent.getUid().isEmpty()) {
            // Two of them would displace each other and share their endpoints.
            throw new BadResource("workload without uid");
        }
        Workload.Builder workload = Workload.builder()
                .uid(resourceName.equals(sent.getUid()) ? resourceName : sent.getUid())
                .name(sent.getName())
                .namespace(sent.getNamespace())
                .addresses(addresses(sent.getAddressesList()))
                .network(sent.getNetwork())
                .tunnelProtocol(tunnelProtocol(sent))
                .trustDomain(orElse(sent.getTrustDomain(), DEFAULT_TRUST_DOMAIN))
                .serviceAccount(orElse(sent.getServiceAccount(), DEFAULT_SERVICE_ACCOUNT))
                .node(sent.getNode())
                .canonicalName(sent.getCanonicalName())
                .canonicalRevision(sent.getCanonicalRevision())
                .workloadType(workloadType(sent))
                .workloadName(sent.getWorkloadName())
                .nativeTunnel(sent.getNativeTunnel())
                .authorizationPolicies(sent.getAuthorizationPoliciesList())
                .status(status(sent))
                .clusterId(orElse(sent.getClusterId(), DEFAULT_CLUSTER))
                .hostname(sent.getHostname())
                .services(services(sent.getServicesMap()))
                .networkMode(networkMode(sent))
                .capacity(sent.hasCapacity() ? weight(sent.getCapacity().getValue()) : 1);
        if (sent.hasWaypoint()) {
            workload.waypoint(gateway(sent.getWaypoint()));
        }
        if (sent.hasNetworkGateway()) {
            workload.networkGateway(gateway(sent.getNetworkGateway()));
        }
        if (sent.hasApplicationTunnel()) {
            workload.applicationTunnel(applicationTunnel(sent.getApplicationTunnel()));
        }
        if (sent.hasLocality()) {
            var locality = sent.getLocality();
            workload.locality(new Locality(locality.getRegion(), locality.getZone(), locality.getSubzone()));
        }
        return workload.build();
    }

    private static String orElse(String sent, String fallback) {
        return sent.isEmpty() ? fallback : sent;
    }

    private static List<IpAddress> addresses(List<ByteString> sent) throws BadResource {
        List<IpAddress> result = new ArrayList<>(sent.size());
        for (ByteString bytes : sent) {
            result.add(address(bytes));
        }
        return result;
    }

    static IpAddress address(ByteString bytes) throws BadResource {
        if (bytes.size() != 4 && bytes.size() != 16) {
            throw new BadResource("failed to parse address, had " + bytes.size() + " bytes");
        }
        return IpAddress.of(bytes.toByteArray());
    }

    /** The length belongs to the bytes as sent: of an IPv4-mapped address it counts the mapping. */
    static Cidr cidr(ByteString bytes, int length) throws BadResource {
        IpAddress address = address(bytes);
        int bits = bytes.size() == 16 && address.isV4() ? length - MAPPED_BITS : length;
        if (bits < 0 || bits > address.bits()) {
            throw new BadResource("invalid cidr: " + address + "/" + Integer.toUnsignedString(length));
        }
        return new Cidr(address, bits);
    }

    /** The mutual TLS of sidecars is not spoken here. */
    private static TunnelProtocol tunnelProtocol(io.culvert.proto.workload.Workload sent) throws BadResource {
        return switch (sent.getTunnelProtocol()) {
            case NONE -> TunnelProtocol.NONE;
            case HBONE -> TunnelProtocol.HBONE;
            case LEGACY_ISTIO_MTLS -> throw new BadResource("unknown enum: LEGACY_ISTIO_MTLS");
            case UNRECOGNIZED -> throw BadResource.unknownEnum("tunnel_protocol", sent.getTunnelProtocolValue());
        };
    }

    private static String workloadType(io.culvert.proto.workload.Workload sent) throws BadResource {
        return switch (sent.getWorkloadType()) {
            case DEPLOYMENT, CRONJOB, POD, JOB -> sent.getWorkloadType().name().toLowerCase(Locale.ROOT);
            case UNRECOGNIZED -> throw BadResource.unknownEnum("workload_type", sent.getWorkloadTypeValue());
        };
    }

    private static WorkloadStatus status(io.culvert.proto.workload.Workload sent) throws BadResource {
        return switch (sent.getStatus()) {
            case HEALTHY -> WorkloadStatus.HEALTHY;
            case UNHEALTHY -> WorkloadStatus.UNHEALTHY;
            case UNRECOGNIZED -> throw BadResource.unknownEnum("status", sent.getStatusValue());
        };
    }

    private static NetworkMode networkMode(io.culvert.proto.workload.Workload sent) throws BadResource {
        return switch (sent.getNetworkMode()) {
            case STANDARD -> NetworkMode.STANDARD;
            case HOST_NETWORK -> NetworkMode.HOST_NETWORK;
            case UNRECOGNIZED -> throw BadResource.unknownEnum("network_mode", sent.getNetworkModeValue());
        };
    }

    private static ApplicationTunnel applicationTunnel(io.culvert.proto.workload.ApplicationTunnel sent)
            throws BadResource {
        return switch (sent.getProtocol()) {
            case NONE -> new ApplicationTunnel(ApplicationTunnel.Protocol.NONE, sent.getPort() & 0xffff);
            case PROXY -> new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, sent.getPort() & 0xffff);
            case UNRECOGNIZED -> throw BadResource.unknownEnum("application_tunnel", sent.getProtocolValue());
        };
    }

    private static Map<NamespacedName, PortMap> services(Map<String, PortList> sent) throws BadResource {
        Map<NamespacedName, PortMap> result = new HashMap<>();
        for (var service : sent.entrySet()) {
            NamespacedName name = NamespacedName.parse(service.getKey())
                    .orElseThrow(() -> new BadResource("failed to parse namespaced hostname: " + service.getKey()));
            result.put(name, ports(service.getValue().getPortsList()));
        }
        return result;
    }

    /** Truncated to 16 bits each, as the original does. */
    static PortMap ports(List<io.culvert.proto.workload.Port> sent) {
        PortMap.Builder ports = new PortMap.Builder(sent.size());
        for (var port : sent) {
            ports.put(port.getServicePort(), port.getTargetPort());
        }
        return ports.build();
    }

    /** An unsigned number, cut where it no longer fits a signed one. */
    static int weight(int unsigned) {
        return unsigned < 0 ? Integer.MAX_VALUE : unsigned;
    }

    static GatewayAddress gateway(io.culvert.proto.workload.GatewayAddress sent) throws BadResource {
        int port = sent.getHboneMtlsPort() & 0xffff;
        return switch (sent.getDestinationCase()) {
            case HOSTNAME -> {
                var name = sent.getHostname();
                yield new GatewayAddress.ByHostname(new NamespacedName(name.getNamespace(), name.getHostname()), port);
            }
            case ADDRESS -> {
                var address = sent.getAddress();
                yield new GatewayAddress.ByAddress(
                        new NetworkAddress(address.getNetwork(), address(address.getAddress())), port);
            }
            case DESTINATION_NOT_SET -> throw new BadResource("nonempty gateway address is missing address");
        };
    }
}
