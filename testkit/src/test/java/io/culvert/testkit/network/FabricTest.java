package io.culvert.testkit.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.linux.Netns;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.NodeSpec;
import io.culvert.testkit.spec.PodSpec;
import io.culvert.testkit.workload.HttpClient;
import io.culvert.testkit.workload.HttpResult;
import io.culvert.testkit.workload.HttpServer;
import io.culvert.testkit.workload.PodSockets;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("netns")
final class FabricTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int PORT = 8080;

    private final MeshSpec mesh = MeshSpec.mesh("ground")
            .node("one", node -> node.pod("a", pod -> {}).pod("b", pod -> {}))
            .node("two", node -> node.pod("c", pod -> {}))
            .build();
    private final AddressPlan plan = AddressPlan.of(mesh, 0);

    private RunDirectory run;
    private Fabric fabric;
    private final Map<String, NodeNetwork> nodes = new LinkedHashMap<>();
    private final Map<String, PodNetwork> pods = new LinkedHashMap<>();

    @BeforeEach
    void build() throws IOException {
        Optional<String> obstacle = Privileges.obstacleToNamespaces();
        assumeTrue(obstacle.isEmpty(), () -> "network tests were not run: " + obstacle.orElse(""));
        run = RunDirectory.create();
        fabric = Fabric.create(run, plan);
        for (NodeSpec node : mesh.nodes()) {
            NodeNetwork network = fabric.addNode(node.name());
            nodes.put(node.name(), network);
            for (PodSpec pod : node.pods()) {
                pods.put(pod.name(), network.addPod(pod.name(), addressesOf(pod.name())));
            }
        }
    }

    @AfterEach
    void takeDown() {
        if (fabric != null) {
            fabric.close();
        }
        if (run != null) {
            run.close();
        }
    }

    @Test
    void everyPodReachesEveryOtherInBothFamiliesWithItsOwnAddress() throws IOException {
        for (String server : pods.keySet()) {
            for (InetAddress address : addressesOf(server)) {
                TcpService.Handler handler = HttpServer.answeringAs(server, "default", "-");
                try (TcpService service =
                        TcpService.start(socketsOf(server), new InetSocketAddress(address, PORT), handler)) {
                    for (String client : pods.keySet()) {
                        HttpResult result =
                                new HttpClient(socketsOf(client), LIMIT).get(service.address(), server, "/");
                        assertThat(result)
                                .as("%s calls %s at %s", client, server, address)
                                .isInstanceOfSatisfying(
                                        HttpResult.Reply.class,
                                        reply -> assertThat(peerOf(reply)).isIn(addressesOf(client)));
                    }
                }
            }
        }
    }

    @Test
    void podsReachTheControlPlanesAddress() throws IOException {
        InetSocketAddress address = new InetSocketAddress(plan.controlPlane().v4(), PORT);
        TcpService.Handler handler = HttpServer.answeringAs("control", "-", "-");
        try (TcpService service = TcpService.start(new PodSockets(fabric.netns()), address, handler)) {
            assertThat(new HttpClient(socketsOf("c"), LIMIT).get(service.address(), "control", "/"))
                    .isInstanceOf(HttpResult.Reply.class);
            assertThat(new HttpClient(new PodSockets(node("one").netns()), LIMIT)
                            .get(service.address(), "control", "/"))
                    .isInstanceOf(HttpResult.Reply.class);
        }
    }

    @Test
    void childRunsInThePodsNamespace() throws IOException {
        PodNetwork pod = pod("a");
        Program sleep = new Program(
                "sleep",
                List.of("sleep", "1000"),
                Map.of(),
                run.path(),
                run.path().resolve("log"));
        try (Child child = Spawner.start(sleep, pod.netns())) {
            assertThat(child.await(
                            "namespace",
                            LIMIT,
                            () -> Optional.of(Spawner.namespaceOf(child.pid()))
                                    .filter(pod.netns().id()::equals)))
                    .isEqualTo(pod.netns().id());
        }
        try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
            assertThat(threads.filter(thread -> isIn(thread, pod.netns())))
                    .as("threads of this JVM left in the pod's namespace")
                    .isEmpty();
        }
    }

    @Test
    void removedPodIsUnpluggedAtOnceAndItsNameIsFree() throws IOException {
        PodNetwork pod = pod("a");
        Path path = pod.path();
        pod.close();
        assertThat(path).doesNotExist();
        try (PodNetwork again = node("one").addPod("a", addressesOf("a"))) {
            assertThat(again.path()).isEqualTo(path);
            assertThat(again.cable()).isNotEqualTo(pod.cable());
        }
    }

    private static boolean isIn(Path task, Netns netns) {
        try {
            return Files.getAttribute(task.resolve("ns/net"), "unix:ino")
                    .equals(netns.id().inode());
        } catch (IOException gone) {
            return false;
        }
    }

    private static InetAddress peerOf(HttpResult.Reply reply) {
        return InetAddress.ofLiteral(reply.peer());
    }

    private List<InetAddress> addressesOf(String podName) {
        PodSpec pod = mesh.pod("default", podName).orElseThrow();
        return plan.pod(mesh.nodeOf(pod).orElseThrow().name(), pod);
    }

    private PodSockets socketsOf(String pod) {
        return new PodSockets(pod(pod).netns());
    }

    private PodNetwork pod(String name) {
        return Optional.ofNullable(pods.get(name)).orElseThrow();
    }

    private NodeNetwork node(String name) {
        return Optional.ofNullable(nodes.get(name)).orElseThrow();
    }
}
