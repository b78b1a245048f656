package io.culvert.e2e.program;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.linux.Netns;
import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.ProxyAccount;
import io.culvert.testkit.controlplane.ProxySetup;
import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.ScaleMesh;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The first answer for a large mesh, one message of tens of megabytes, fits into a heap that holds the mesh and little
 * beside it. A proxy that parsed the message before it applied it needed four times as much, and ended.
 */
@Tag("e2e")
final class LargeMeshTest {
    private static final int WORKLOADS = 100_000;
    private static final int SERVICES = WORKLOADS / 10;
    /** The mesh takes 37 MiB, the program itself eight. */
    private static final int HEAP_MIB = 96;
    /** Heap, the message in the network's buffers, and the JVM; 310 to 340 measured. */
    private static final int RESIDENT_MIB_MAX = 460;

    private static final int METRICS = 15_020;
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Pattern HELD = Pattern.compile("culvert_xds_resources_held\\{[^}]*Address\"} (\\d+)");
    private static final Pattern HIGHEST = Pattern.compile("VmHWM:\\s+(\\d+) kB");

    @TempDir
    private Path directory;

    private Netns netns;
    private ControlPlane controlPlane;
    private ProxySetup setup;

    @BeforeEach
    void start() throws IOException {
        Programs.assumeMeshesCanRun();
        netns = ProxyAlone.namespace();
        InetAddress loopback = InetAddress.getLoopbackAddress();
        controlPlane = ControlPlane.builder()
                .listening(Listening.in(netns, new InetSocketAddress(loopback, 0)))
                .start();
        controlPlane.serve(new ScaleMesh(WORKLOADS, SERVICES, WORKLOADS / 100));
        MeshSpec mesh = MeshSpec.mesh("large")
                .node("node-0", node -> node.pod("a", pod -> {}))
                .build();
        setup = ProxySetup.write(
                controlPlane, mesh, ProxyAccount.ofNode("node-0"), directory, controlPlane.address(), loopback);
    }

    @AfterEach
    void stop() throws IOException {
        if (controlPlane != null) {
            controlPlane.close();
        }
        if (netns != null) {
            netns.close();
        }
    }

    private static long number(Pattern pattern, String text) {
        Matcher found = pattern.matcher(text);
        return found.find() ? Long.parseLong(found.group(1)) : -1;
    }

    @Test
    void fitsIntoAHeapThatHoldsLittleMoreThanTheMesh() throws IOException {
        try (ProxyAlone proxy =
                ProxyAlone.start(directory, netns, setup.environment(), Programs.proxy("-Xmx" + HEAP_MIB + "m"))) {
            Await.untilTrue(
                    "the whole mesh",
                    LIMIT,
                    () -> number(HELD, proxy.get(METRICS, "/metrics").body()) == WORKLOADS + SERVICES,
                    () -> String.join("\n", proxy.lines()));

            long highest = number(HIGHEST, Files.readString(Path.of("/proc/" + proxy.pid() + "/status"))) / 1_024;
            assertThat(highest).isBetween(1L, (long) RESIDENT_MIB_MAX);
            assertThat(proxy.terminate()).isZero();
            assertThat(proxy.lines()).noneSatisfy(line -> assertThat(line).contains("event executor terminated"));
        }
    }
}
