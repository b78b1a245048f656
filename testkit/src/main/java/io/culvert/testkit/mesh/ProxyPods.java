package io.culvert.testkit.mesh;

import io.culvert.testkit.controlplane.ProxyAccount;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.Dual;
import io.culvert.testkit.spec.MeshBuilder;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.NodeSpec;
import java.net.InetAddress;

/**
 * The proxies as the pods that they are in a cluster: the control plane tells of them like of any workload, and the
 * certificate authority signs for a service account only where one of its pods runs.
 */
final class ProxyPods {
    private ProxyPods() {}

    static MeshSpec addTo(MeshSpec mesh, AddressPlan plan) {
        MeshBuilder builder = mesh.toBuilder();
        for (NodeSpec node : mesh.nodes()) {
            ProxyAccount account = ProxyAccount.ofNode(node.name());
            Dual<InetAddress> addresses = plan.proxy(node.name());
            builder.pod(
                    node.name(),
                    account.pod(),
                    pod -> pod.namespace(account.namespace())
                            .serviceAccount(account.serviceAccount())
                            .label("app", "ztunnel")
                            .mesh(false)
                            .address(addresses.v4().getHostAddress())
                            .address(addresses.v6().getHostAddress()));
        }
        return builder.build();
    }
}
