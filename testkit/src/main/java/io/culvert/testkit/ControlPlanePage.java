package io.culvert.testkit;

import io.culvert.testkit.controlplane.ProxySetup;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.NodeSpec;
import io.culvert.testkit.spec.PodSpec;
import io.netty.util.NetUtil;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What the control plane tells the person who started it. */
final class ControlPlanePage {
    private final PrintStream out;

    ControlPlanePage(PrintStream out) {
        this.out = out;
    }

    void started(String url, Path rootCertificate) {
        out.println("Culvert control plane, discovery and certificates on " + url);
        out.println("root certificate: " + rootCertificate);
        out.println("Ctrl-C or SIGTERM ends it.");
    }

    void mesh(Path file, MeshSpec mesh, AddressPlan plan) {
        out.println();
        out.printf(
                "mesh %s (%s): %d nodes, %d pods, %d services, %d policies%n",
                mesh.name(),
                file,
                mesh.nodes().size(),
                mesh.pods().count(),
                mesh.services().size(),
                mesh.policies().size());
        for (NodeSpec node : mesh.nodes()) {
            for (PodSpec pod : node.pods()) {
                String where = mesh.inMesh(pod) ? "in the mesh" : "outside";
                out.printf(
                        "  pod      %-28s %-10s %-12s %s%n",
                        pod.key(), node.name(), where, text(plan.pod(node.name(), pod)));
            }
        }
        mesh.services()
                .forEach(service ->
                        out.printf("  service  %-28s %s%n", mesh.hostname(service), text(plan.service(service))));
        mesh.policies()
                .forEach(policy -> out.printf(
                        "  policy   %-28s %s, %s%n",
                        policy.key(),
                        policy.authorization().getAction(),
                        policy.authorization().getScope()));
    }

    private static String text(List<InetAddress> addresses) {
        return addresses.stream().map(NetUtil::toAddressString).collect(Collectors.joining(" "));
    }

    /** A block to paste into a shell that then starts the node's proxy. */
    void proxy(ProxySetup setup) {
        out.println();
        out.println("# proxy of " + setup.account().node() + " (token: " + setup.token() + ")");
        for (Map.Entry<String, String> variable : setup.environment().entrySet()) {
            out.println(
                    "export " + variable.getKey() + "='" + variable.getValue().replace("'", "'\\''") + "'");
        }
    }

    void step(String text) {
        out.println("script: " + text);
        out.flush();
    }

    /** The last line of the start, for scripts that wait: proxies may connect now. */
    void ready(String url) {
        out.println();
        out.println("ready: discovery and certificates are served on " + url);
    }

    void kept(String problem) {
        out.println();
        out.println("not taken over, the mesh stays as it was: " + problem);
    }

    void flush() {
        out.flush();
    }
}
