package io.culvert.perf.micro;

import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.AuthorizationPolicy.Action;
import io.culvert.xds.mesh.AuthorizationPolicy.Clause;
import io.culvert.xds.mesh.AuthorizationPolicy.Rule;
import io.culvert.xds.mesh.AuthorizationPolicy.Scope;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.Match;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.StringMatch;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A mesh state of a given size: pods of one namespace, a service for every ten of them, policies for all. */
final class MeshOfSize {
    private static final String NODE = "node-0";
    private static final int PODS_OF_SERVICE = 10;
    private static final PortMap PORTS = PortMap.of(Map.of(80, 8080));

    private final MeshState state = new MeshState(NODE);

    /**
     * Builds it.
     *
     * @param pods 1 to 60,000: as many as there are addresses in a /16
     */
    static MeshOfSize pods(int pods) {
        MeshOfSize mesh = new MeshOfSize();
        mesh.state.update(edit -> {
            for (int service = 0; service * PODS_OF_SERVICE < pods; service++) {
                edit.putService(Service.builder()
                        .name(serviceName(service))
                        .namespace("default")
                        .hostname(hostname(service))
                        .ports(PORTS)
                        .vips(List.of(new NetworkAddress("", serviceAddress(service))))
                        .build());
            }
            for (int pod = 0; pod < pods; pod++) {
                edit.putWorkload(workload(pod));
            }
        });
        return mesh;
    }

    /** Adds {@code count} ALLOW policies of the pods' namespace, of which the last alone lets {@code principal} in. */
    MeshOfSize allowPolicies(int count, String principal) {
        return allowPolicies("default", count, principal);
    }

    /** As the other, of whatever namespace. */
    MeshOfSize allowPolicies(String namespace, int count, String principal) {
        state.update(edit -> {
            for (int i = 0; i < count; i++) {
                String who = i == count - 1 ? principal : "cluster.local/ns/default/sa/other-" + i;
                AuthorizationPolicy policy = allow(namespace, "allow-" + i, who);
                edit.putPolicy(policy.qualifiedName(), policy);
            }
        });
        return this;
    }

    private static AuthorizationPolicy allow(String namespace, String name, String principal) {
        Match match = Match.builder()
                .principals(List.of(new StringMatch.Exact(principal)))
                .destinationPorts(List.of(8080))
                .build();
        List<Rule> rules = List.of(new Rule(List.of(new Clause(List.of(match)))));
        return new AuthorizationPolicy(name, namespace, Scope.NAMESPACE, Action.ALLOW, false, rules);
    }

    MeshSnapshot snapshot() {
        return state.snapshot();
    }

    Workload pod(int number) {
        return Objects.requireNonNull(snapshot().workloadByUid(uid(number)));
    }

    private static Workload workload(int pod) {
        return Workload.builder()
                .uid(uid(pod))
                .name("pod-" + pod)
                .namespace("default")
                .trustDomain("cluster.local")
                .serviceAccount("account-" + pod)
                .node("node-" + pod % 100)
                .tunnelProtocol(TunnelProtocol.HBONE)
                .addresses(List.of(podAddress(pod)))
                .services(Map.of(new NamespacedName("default", hostname(pod / PODS_OF_SERVICE)), PORTS))
                .build();
    }

    private static String uid(int pod) {
        return "Kubernetes//Pod/default/pod-" + pod;
    }

    static IpAddress podAddress(int pod) {
        return IpAddress.parse("10.1." + pod / 250 + "." + (pod % 250 + 1));
    }

    static IpAddress serviceAddress(int service) {
        return IpAddress.parse("10.2." + service / 250 + "." + (service % 250 + 1));
    }

    private static String serviceName(int service) {
        return "service-" + service;
    }

    private static String hostname(int service) {
        return serviceName(service) + ".default.svc.cluster.local";
    }
}
