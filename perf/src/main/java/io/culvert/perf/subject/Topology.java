package io.culvert.perf.subject;

import io.culvert.perf.load.Service;
import io.culvert.testkit.spec.Matches;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PolicySpec;
import java.util.Arrays;

/**
 * The mesh that every subject stands in: two nodes, on each a pod of the mesh and one outside. Policy is applied, of
 * both kinds, so that every connection is judged: a DENY that does not match, and an ALLOW whose rules let the load in.
 */
final class Topology {
    static final String CLIENT = "client";
    static final String CLIENT_ID = "spiffe://cluster.local/ns/default/sa/client";
    static final String SERVER = "server";
    static final String PLAIN_CLIENT = "outside/client";
    static final String PLAIN_SERVER = "outside/server";

    private Topology() {}

    static MeshSpec spec(boolean mesh) {
        int[] ports = Arrays.stream(Service.values()).mapToInt(Service::port).toArray();
        return MeshSpec.mesh("perf")
                .namespace("default", namespace -> namespace.mesh(mesh))
                .namespace("outside", namespace -> namespace.mesh(false))
                .node(
                        "one",
                        node -> node.pod("client", pod -> pod.serviceAccount("client"))
                                .pod("client", pod -> pod.namespace("outside")))
                .node(
                        "two",
                        node -> node.pod("server", pod -> pod.serviceAccount("server"))
                                .pod("server", pod -> pod.namespace("outside")))
                .policy(PolicySpec.deny("default", "strangers")
                        .rule(Matches.callerNamespace("strangers"))
                        .build())
                .policy(PolicySpec.allow("default", "load")
                        .rule(Matches.principal("cluster.local/ns/default/sa/client"), Matches.destinationPort(ports))
                        .rule(Matches.sourceIp("10.0.0.0/8"), Matches.destinationPort(ports))
                        .build())
                .build();
    }
}
