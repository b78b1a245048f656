package io.culvert.testkit.demo;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import java.util.Map;

/** What a person can do with a mesh that stays up. */
final class PlayGuide {
    /** Set by the launcher where the mesh is in user namespaces: the process whose child is in them. */
    private static final String LAUNCHER_PID = "CULVERT_LAUNCHER_PID";

    private PlayGuide() {}

    static void print(Mesh mesh, Terminal terminal, Map<String, String> environment) {
        String launcher = environment.getOrDefault(LAUNCHER_PID, "");
        if (!launcher.isEmpty()) {
            terminal.say("The mesh is in user namespaces of its own. In another terminal, enter them first:");
            terminal.command(
                    "nsenter --target \"$(pgrep -P " + launcher + ")\" --user --preserve-credentials --mount --pid");
        }
        String service = mesh.service("web", DemoMesh.SERVICE_PORT).getAddress().getHostAddress();
        terminal.say("Call the service from inside a pod, as its application would, and as one who may not:");
        terminal.command(enter(mesh.pod("client").netnsPath().toString()) + "curl -s http://" + service + "/");
        terminal.command(enter(mesh.pod("intruder").netnsPath().toString()) + "curl -s http://" + service + "/");
        terminal.say("Ask a proxy what it knows, what it counted, and to say more:");
        for (MeshNode node : mesh.nodes()) {
            String enter = enter(node.proxyNetnsPath().toString());
            terminal.command(enter + "curl -s localhost:15000/config_dump");
            terminal.command(enter + "curl -s localhost:15020/metrics");
            terminal.command(enter + "curl -s -X POST 'localhost:15000/logging?level=debug'");
        }
        terminal.say("Read the logs, access log included:");
        terminal.command("tail -f " + mesh.directory().resolve("logs") + "/*.log");
    }

    private static String enter(String netns) {
        return "nsenter --net=" + netns + " ";
    }
}
