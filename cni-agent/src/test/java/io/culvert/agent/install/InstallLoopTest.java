package io.culvert.agent.install;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InstallLoopTest {
    @TempDir
    private Path root;

    private final List<String> results = new CopyOnWriteArrayList<>();
    private NodeFiles node;
    private InstallLoop loop;

    @BeforeEach
    void start() throws IOException {
        node = new NodeFiles(root);
        loop = InstallLoop.start(node.settings(NodeFiles.chained()), results::add, System::nanoTime);
    }

    @AfterEach
    void stop() {
        loop.close();
    }

    @Test
    void becomesReadyWhenAConfigurationAppearsAndRepairsItEverAfter() throws IOException {
        Kernel.await("the executable").until(() -> Files.exists(node.bin.resolve("istio-cni")));
        assertThat(loop.ready()).isFalse();

        Path file = node.primary("10-kindnet.conflist");
        Kernel.await("readiness").until(loop::ready);
        assertThat(results).contains("SUCCESS");

        node.primary("10-kindnet.conflist");
        awaitChained(file);
        Files.delete(node.bin.resolve("istio-cni"));
        Kernel.await("the executable").until(() -> Files.exists(node.bin.resolve("istio-cni")));
        Files.writeString(node.account.resolve("token"), "token-2");
        Kernel.await("the token")
                .until(() -> Files.readString(node.run.resolve("istio-cni-kubeconfig"))
                        .contains("token-2"));
        Path first = node.primary("05-cilium.conflist");
        awaitChained(first);

        Files.delete(file);
        Files.delete(first);
        Kernel.await("not ready").until(() -> !loop.ready());
        node.primary("10-kindnet.conflist");
        Kernel.await("readiness").until(loop::ready);
    }

    private static void awaitChained(Path file) {
        Kernel.await("our entry").until(quietly(() -> NodeFiles.types(file).contains("istio-cni")));
    }

    /** Of a file that is being made, or gone, nothing can be said yet. */
    private static Callable<Boolean> quietly(Callable<Boolean> condition) {
        return () -> {
            try {
                return condition.call();
            } catch (IOException e) {
                return false;
            }
        };
    }

    @Test
    void goesOnWhenADirectoryComesBack() throws IOException {
        node.primary("10-kindnet.conflist");
        Kernel.await("readiness").until(loop::ready);
        Path moved = Files.move(node.net, root.resolve("moved"));
        Kernel.await("a failure").until(() -> results.contains("CREATE_CNI_CONFIG_FAILURE"));
        assertThat(loop.ready()).isFalse();
        Files.move(moved, node.net);
        Kernel.await("readiness").until(loop::ready);
        node.primary("10-kindnet.conflist");
        awaitChained(node.net.resolve("10-kindnet.conflist"));
    }
}
