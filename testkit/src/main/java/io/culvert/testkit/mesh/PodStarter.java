package io.culvert.testkit.mesh;

import io.culvert.linux.Netns;
import io.culvert.testkit.network.NodeNetwork;
import io.culvert.testkit.network.PodNetwork;
import io.culvert.testkit.network.RunDirectory;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.PodCgroup;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import io.culvert.testkit.spec.PodSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Makes a pod's sandbox, as a container runtime does: namespace, network, cgroup, pause process. */
final class PodStarter {
    private static final List<String> PAUSE = List.of("sleep", "infinity");

    private final RunDirectory run;
    private final boolean cgroups = PodCgroup.available();

    PodStarter(RunDirectory run) {
        this.run = run;
    }

    /** A pod without servers and without redirection, yet. */
    MeshPod start(NodeNetwork node, PodSpec spec, List<InetAddress> addresses) throws IOException {
        if (spec.hostNetwork()) {
            return start(node, spec, addresses, node.netns(), null, node.named().path());
        }
        PodNetwork network = node.addPod(spec.namespace() + "-" + spec.name(), addresses);
        try {
            return start(node, spec, addresses, network.netns(), network, network.path());
        } catch (IOException failure) {
            network.close();
            throw failure;
        }
    }

    private MeshPod start(
            NodeNetwork node,
            PodSpec spec,
            List<InetAddress> addresses,
            Netns netns,
            @Nullable PodNetwork network,
            Path path)
            throws IOException {
        Path directory = run.directory("pods", spec.uid());
        Program program =
                new Program("pause of " + spec.key(), PAUSE, Map.of(), directory, directory.resolve("pause.log"));
        Child pause = Spawner.start(program, netns);
        try {
            PodCgroup cgroup = cgroups ? PodCgroup.create(run.prefix(), spec.uid(), containerId(spec)) : null;
            if (cgroup != null) {
                cgroup.add(pause.pid());
            }
            return new MeshPod(node.name(), spec, addresses, netns, network, path, pause, cgroup);
        } catch (IOException failure) {
            pause.kill();
            throw failure;
        }
    }

    /** 64 hex digits, as runtimes name containers. */
    static String containerId(PodSpec spec) {
        UUID first = UUID.nameUUIDFromBytes((spec.uid() + "/sandbox").getBytes(StandardCharsets.UTF_8));
        UUID second = UUID.nameUUIDFromBytes((spec.uid() + "/pause").getBytes(StandardCharsets.UTF_8));
        return (first.toString() + second).replace("-", "");
    }
}
