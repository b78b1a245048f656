package io.culvert.e2e.program;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.linux.Netns;
import io.culvert.testkit.process.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A proxy without a control plane follows its file. */
@Tag("e2e")
final class ReloadedFileTest {
    private static final int METRICS = 15_020;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private static String workload(String uid) {
        return "workloads:\n- {uid: %1$s, name: %1$s, namespace: default, services: {}}\n".formatted(uid);
    }

    private static void await(ProxyAlone proxy, int port, String path, String part) {
        Await.untilTrue(
                part + " in " + path,
                PATIENCE,
                () -> proxy.get(port, path).body().contains(part),
                () -> "");
    }

    @Test
    void takesAChangeAndKeepsItWhenTheNextOneIsBroken() throws IOException {
        Programs.assumeMeshesCanRun();
        Path file = directory.resolve("mesh.yaml");
        Files.writeString(file, workload("first"));
        Map<String, String> environment =
                Map.of("XDS_ADDRESS", "", "CA_ADDRESS", "https://127.0.0.1:1", "LOCAL_XDS_PATH", file.toString());
        try (Netns netns = ProxyAlone.namespace();
                ProxyAlone proxy = ProxyAlone.start(directory, netns, environment)) {
            await(proxy, ProxyAlone.ADMIN, "/config_dump", "\"uid\": \"first\"");

            Files.writeString(file, workload("second"));
            await(proxy, ProxyAlone.ADMIN, "/config_dump", "\"uid\": \"second\"");
            assertThat(proxy.get(ProxyAlone.ADMIN, "/config_dump").body()).doesNotContain("\"uid\": \"first\"");

            Files.writeString(file, workload("third") + "nonsense: []\n");
            proxy.awaitLine(file + ", line 3: unknown key 'nonsense'", "stays in force");
            await(proxy, METRICS, "/metrics", "culvert_local_file_broken 1");
            assertThat(proxy.get(ProxyAlone.ADMIN, "/config_dump").body())
                    .contains("\"uid\": \"second\"")
                    .doesNotContain("\"uid\": \"third\"");
        }
    }
}
