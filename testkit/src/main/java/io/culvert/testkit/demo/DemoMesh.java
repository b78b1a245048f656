package io.culvert.testkit.demo;

import io.culvert.testkit.spec.Matches;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PodBuilder;
import io.culvert.testkit.spec.PolicySpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;

/** The mesh that is shown: a service on two nodes, a client, somebody who is not welcome, and a guest from outside. */
final class DemoMesh {
    static final int SERVICE_PORT = 80;
    static final int POD_PORT = 8080;
    static final int ECHO_PORT = 7;
    static final String NO_INTRUDERS = "no-intruders";
    static final String NO_PLAINTEXT = "no-plaintext";

    private DemoMesh() {}

    static MeshSpec spec() {
        return MeshSpec.mesh("demo")
                .namespace("default", namespace -> namespace.mesh(true))
                .node(
                        "node-1",
                        node -> node.pod("client", pod -> pod.serviceAccount("client"))
                                .pod("intruder", pod -> pod.serviceAccount("intruder"))
                                .pod("web-1", DemoMesh::web))
                .node("node-2", node -> node.pod("web-2", DemoMesh::web).pod("guest", pod -> pod.mesh(false)))
                .service("web", service -> service.selecting("app", "web").port(SERVICE_PORT, POD_PORT))
                .policy(PolicySpec.deny("default", NO_INTRUDERS)
                        .selecting("app", "web")
                        .rule(Matches.principal("cluster.local/ns/default/sa/intruder"))
                        .build())
                .build();
    }

    static void web(PodBuilder pod) {
        pod.serviceAccount("web")
                .label("app", "web")
                .serves(Kind.HTTP, POD_PORT)
                .serves(Kind.ECHO, ECHO_PORT);
    }

    /** Refuses whoever comes without an identity, as PeerAuthentication STRICT does. */
    static PolicySpec noPlaintext() {
        return PolicySpec.deny("default", NO_PLAINTEXT)
                .selecting("app", "web")
                .rule(Matches.unauthenticated())
                .build();
    }
}
