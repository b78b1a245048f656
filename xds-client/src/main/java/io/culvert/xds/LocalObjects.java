package io.culvert.xds;

import io.culvert.xds.mesh.ApplicationTunnel;
import io.culvert.xds.mesh.Cidr;
import io.culvert.xds.mesh.Endpoint;
import io.culvert.xds.mesh.GatewayAddress;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.IpFamilies;
import io.culvert.xds.mesh.LoadBalancing;
import io.culvert.xds.mesh.Locality;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.NetworkCidr;
import io.culvert.xds.mesh.NetworkMode;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Visibility;
import io.culvert.xds.mesh.WeightedWaypoint;
import io.culvert.xds.mesh.Workload;
import io.culvert.xds.mesh.WorkloadStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** Workloads and services of a local configuration; keys and words are those of config_dump. */
final class LocalObjects {
    private static final int PORT_MAX = 65_535;
    private static final Map<String, TunnelProtocol> PROTOCOLS =
            Map.of("TCP", TunnelProtocol.NONE, "HBONE", TunnelProtocol.HBONE);
    private static final Map<String, NetworkMode> NETWORK_MODES =
            Map.of("Standard", NetworkMode.STANDARD, "HostNetwork", NetworkMode.HOST_NETWORK);
    private static final Map<String, WorkloadStatus> STATUSES =
            Map.of("Healthy", WorkloadStatus.HEALTHY, "Unhealthy", WorkloadStatus.UNHEALTHY);
    private static final Map<String, ApplicationTunnel.Protocol> TUNNELS =
            Map.of("NONE", ApplicationTunnel.Protocol.NONE, "PROXY", ApplicationTunnel.Protocol.PROXY);
    private static final Map<String, IpFamilies> FAMILIES =
            Map.of("IPv4", IpFamilies.IPV4_ONLY, "IPv6", IpFamilies.IPV6_ONLY, "Dual", IpFamilies.DUAL);
    private static final Map<String, Visibility> VISIBILITIES =
            Map.of("Public", Visibility.PUBLIC, "Namespace", Visibility.NAMESPACE);
    private static final Map<String, LoadBalancing.Mode> MODES = Map.of(
            "Standard", LoadBalancing.Mode.STANDARD,
            "Strict", LoadBalancing.Mode.STRICT,
            "Failover", LoadBalancing.Mode.FAILOVER,
            "Passthrough", LoadBalancing.Mode.PASSTHROUGH);
    private static final Map<String, LoadBalancing.HealthPolicy> HEALTH_POLICIES = Map.of(
            "OnlyHealthy", LoadBalancing.HealthPolicy.ONLY_HEALTHY,
            "AllowAll", LoadBalancing.HealthPolicy.ALLOW_ALL);
    private static final Map<String, LoadBalancing.Scope> SCOPES = Map.of(
            "Region", LoadBalancing.Scope.REGION,
            "Zone", LoadBalancing.Scope.ZONE,
            "Subzone", LoadBalancing.Scope.SUBZONE,
            "Node", LoadBalancing.Scope.NODE,
            "Cluster", LoadBalancing.Scope.CLUSTER,
            "Network", LoadBalancing.Scope.NETWORK);

    private LocalObjects() {}

    static LocalWorkload workload(Node node) throws InvalidLocalState {
        YamlMap map = YamlMap.of(node, "a workload");
        Workload.Builder workload = Workload.builder()
                .uid(map.requiredText("uid"))
                .name(map.requiredText("name"))
                .namespace(map.requiredText("namespace"))
                .addresses(addresses(map.list("workloadIps")))
                .network(map.textOrEmpty("network"))
                .tunnelProtocol(map.choice("protocol", PROTOCOLS, TunnelProtocol.NONE))
                .trustDomain(map.textOrEmpty("trustDomain"))
                .serviceAccount(map.textOrEmpty("serviceAccount"))
                .node(map.textOrEmpty("node"))
                .canonicalName(map.textOrEmpty("canonicalName"))
                .canonicalRevision(map.textOrEmpty("canonicalRevision"))
                .workloadType(map.textOrEmpty("workloadType"))
                .workloadName(map.textOrEmpty("workloadName"))
                .nativeTunnel(map.flag("nativeTunnel"))
                .authorizationPolicies(texts(map.list("authorizationPolicies")))
                .status(map.choice("status", STATUSES, WorkloadStatus.HEALTHY))
                .clusterId(map.textOrEmpty("clusterId"))
                .hostname(map.textOrEmpty("hostname"))
                .networkMode(map.choice("networkMode", NETWORK_MODES, NetworkMode.STANDARD))
                .capacity(map.number("capacity", Integer.MAX_VALUE, 1))
                .waypoint(gateway(map.optional("waypoint")))
                .networkGateway(gateway(map.optional("networkGateway")))
                .applicationTunnel(applicationTunnel(map.optional("applicationTunnel")))
                .locality(locality(map.optional("locality")));
        Map<NamespacedName, PortMap> services = new LinkedHashMap<>();
        for (var entry : YamlMap.entries(map.required("services"), "services").entrySet()) {
            services.put(name(entry.getKey()), ports(entry.getValue()));
        }
        map.finish();
        return new LocalWorkload(workload.endpointOf(services).build(), services);
    }

    static Service service(Node node) throws InvalidLocalState {
        YamlMap map = YamlMap.of(node, "a service");
        List<NetworkAddress> vips = new ArrayList<>();
        for (Node vip : YamlMap.elements(map.required("vips"), "vips")) {
            vips.add(networkAddress(vip)
                    .orElseThrow(() -> YamlMap.invalid(vip, "expected network/ip, not " + vip(vip))));
        }
        Service service = Service.builder()
                .name(map.requiredText("name"))
                .namespace(map.requiredText("namespace"))
                .hostname(map.requiredText("hostname"))
                .vips(vips)
                .cidrVips(ranges(map.list("cidrVips")))
                .ports(ports(map.required("ports")))
                .declaredEndpoints(endpoints(map.optional("endpoints")))
                .subjectAltNames(texts(map.list("subjectAltNames")))
                .waypoint(gateway(map.optional("waypoint")))
                .weightedWaypoints(weightedWaypoints(map.list("weightedWaypoints")))
                .loadBalancing(loadBalancing(map.optional("loadBalancer")))
                .ipFamilies(map.choice("ipFamilies", FAMILIES, IpFamilies.AUTOMATIC))
                .canonical(map.flag("canonical"))
                .visibility(map.choice("visibility", VISIBILITIES, Visibility.PUBLIC))
                .build();
        map.finish();
        return service;
    }

    private static String vip(Node node) {
        return node instanceof org.snakeyaml.engine.v2.nodes.ScalarNode scalar ? scalar.getValue() : "a collection";
    }

    static List<String> texts(List<Node> nodes) throws InvalidLocalState {
        List<String> result = new ArrayList<>();
        for (Node node : nodes) {
            result.add(YamlMap.text(node));
        }
        return result;
    }

    private static List<IpAddress> addresses(List<Node> nodes) throws InvalidLocalState {
        List<IpAddress> result = new ArrayList<>();
        for (Node node : nodes) {
            result.add(IpAddress.tryParse(YamlMap.text(node))
                    .orElseThrow(() -> YamlMap.invalid(node, "not an address: " + vip(node))));
        }
        return result;
    }

    private static NamespacedName name(Node node) throws InvalidLocalState {
        return NamespacedName.parse(YamlMap.text(node))
                .orElseThrow(() -> YamlMap.invalid(node, "expected namespace/hostname, not " + vip(node)));
    }

    private static Optional<NetworkAddress> networkAddress(Node node) throws InvalidLocalState {
        String text = YamlMap.text(node);
        int slash = text.indexOf('/');
        return slash < 0
                ? Optional.empty()
                : IpAddress.tryParse(text.substring(slash + 1))
                        .map(ip -> new NetworkAddress(text.substring(0, slash), ip));
    }

    private static PortMap ports(Node node) throws InvalidLocalState {
        Map<Integer, Integer> ports = new LinkedHashMap<>();
        for (var entry : YamlMap.entries(node, "ports").entrySet()) {
            ports.put(YamlMap.number(entry.getKey(), PORT_MAX), YamlMap.number(entry.getValue(), PORT_MAX));
        }
        return PortMap.of(ports);
    }

    private static List<NetworkCidr> ranges(List<Node> nodes) throws InvalidLocalState {
        List<NetworkCidr> result = new ArrayList<>();
        for (Node node : nodes) {
            YamlMap map = YamlMap.of(node, "a range");
            String text = map.requiredText("cidr");
            Cidr cidr = Cidr.parse(text).orElseThrow(() -> YamlMap.invalid(node, "invalid cidr: " + text));
            result.add(new NetworkCidr(map.textOrEmpty("network"), cidr));
            map.finish();
        }
        return result;
    }

    private static List<Endpoint> endpoints(@Nullable Node node) throws InvalidLocalState {
        List<Endpoint> result = new ArrayList<>();
        if (node != null) {
            for (Node endpoint : YamlMap.entries(node, "endpoints").values()) {
                YamlMap map = YamlMap.of(endpoint, "an endpoint");
                result.add(new Endpoint(
                        map.requiredText("workloadUid"),
                        ports(map.required("port")),
                        map.choice("status", STATUSES, WorkloadStatus.HEALTHY)));
                map.finish();
            }
        }
        return result;
    }

    private static @Nullable GatewayAddress gateway(@Nullable Node node) throws InvalidLocalState {
        if (node == null) {
            return null;
        }
        YamlMap map = YamlMap.of(node, "a gateway");
        Node destination = map.required("destination");
        int port = YamlMap.number(map.required("hboneMtlsPort"), PORT_MAX);
        map.finish();
        Optional<NetworkAddress> address = networkAddress(destination);
        return address.isPresent()
                ? new GatewayAddress.ByAddress(address.get(), port)
                : new GatewayAddress.ByHostname(name(destination), port);
    }

    private static List<WeightedWaypoint> weightedWaypoints(List<Node> nodes) throws InvalidLocalState {
        List<WeightedWaypoint> result = new ArrayList<>();
        for (Node node : nodes) {
            YamlMap map = YamlMap.of(node, "a weighted waypoint");
            GatewayAddress destination = gateway(map.required("destination"));
            if (destination != null) {
                result.add(new WeightedWaypoint(destination, map.number("weight", Integer.MAX_VALUE, 0)));
            }
            map.finish();
        }
        return result;
    }

    private static @Nullable ApplicationTunnel applicationTunnel(@Nullable Node node) throws InvalidLocalState {
        if (node == null) {
            return null;
        }
        YamlMap map = YamlMap.of(node, "an application tunnel");
        var protocol = map.choice("protocol", TUNNELS, ApplicationTunnel.Protocol.NONE);
        ApplicationTunnel tunnel = new ApplicationTunnel(protocol, map.number("port", PORT_MAX, 0));
        map.finish();
        return tunnel;
    }

    private static Locality locality(@Nullable Node node) throws InvalidLocalState {
        if (node == null) {
            return Locality.UNKNOWN;
        }
        YamlMap map = YamlMap.of(node, "a locality");
        Locality locality =
                new Locality(map.textOrEmpty("region"), map.textOrEmpty("zone"), map.textOrEmpty("subzone"));
        map.finish();
        return locality;
    }

    private static @Nullable LoadBalancing loadBalancing(@Nullable Node node) throws InvalidLocalState {
        if (node == null) {
            return null;
        }
        YamlMap map = YamlMap.of(node, "a load balancer");
        List<LoadBalancing.Scope> preferences = new ArrayList<>();
        for (Node preference : map.list("routingPreferences")) {
            preferences.add(YamlMap.choice(preference, SCOPES));
        }
        LoadBalancing result = new LoadBalancing(
                preferences,
                map.choice("mode", MODES, LoadBalancing.Mode.STANDARD),
                map.choice("healthPolicy", HEALTH_POLICIES, LoadBalancing.HealthPolicy.ONLY_HEALTHY));
        map.finish();
        return result;
    }
}
