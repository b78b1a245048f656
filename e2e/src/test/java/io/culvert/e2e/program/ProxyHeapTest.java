package io.culvert.e2e.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the launcher chooses the proxy's largest heap and what goes beside it, by the memory that there is. */
final class ProxyHeapTest {
    private static final String ASK = ". \"$0/launcher/commands.sh\"; $3 \"$1\" \"$2\"";

    @TempDir
    private Path groups;

    private static Path repository() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.exists(at.resolve("launcher/commands.sh"))) {
            at = Objects.requireNonNull(at.getParent());
        }
        return at;
    }

    private int heapMib(long machineMib) throws IOException, InterruptedException {
        return ask("proxy_heap_mib", machineMib, "");
    }

    private int ask(String what, long machineMib, String bufferMib) throws IOException, InterruptedException {
        Path memory = groups.resolve("meminfo");
        Files.writeString(memory, "MemFree: 1 kB\nMemTotal:  " + machineMib * 1024 + " kB\n");
        ProcessBuilder builder = new ProcessBuilder(
                        "bash", "-euc", ASK, repository().toString(), groups.toString(), memory.toString(), what)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CULVERT_BUFFER_MEMORY_MIB", bufferMib);
        Process bash = builder.start();
        String answer = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(bash.waitFor()).isZero();
        return Integer.parseInt(answer.strip());
    }

    private void limit(String file, String value) throws IOException {
        Path limit = groups.resolve(file);
        Files.createDirectories(limit.getParent());
        Files.writeString(limit, value + "\n");
    }

    @Test
    void takesHalfOfAMachine() throws Exception {
        assertThat(heapMib(1_000)).isEqualTo(500);
        assertThat(heapMib(64_000)).isEqualTo(1_024);
        assertThat(heapMib(128)).isEqualTo(96);
    }

    @Test
    void leavesRoomForTheBuffersBesideTheHeap() throws Exception {
        assertThat(ask("proxy_direct_mib", 2_000, "")).isGreaterThanOrEqualTo(500);
        assertThat(ask("proxy_direct_mib", 2_000, "2048")).isEqualTo(2048 * 5 / 4 + 128);
        assertThat(ask("proxy_direct_mib", 2_000, "nonsense")).isGreaterThanOrEqualTo(500);
    }

    @Test
    void takesHalfOfAContainer() throws Exception {
        limit("memory.max", String.valueOf(512L << 20));
        assertThat(heapMib(64_000)).isEqualTo(256);
    }

    @Test
    void takesAContainerWithoutALimitForTheMachine() throws Exception {
        limit("memory.max", "max");
        limit("memory/memory.limit_in_bytes", "9223372036854771712");
        assertThat(heapMib(1_000)).isEqualTo(500);
    }

    @Test
    void knowsTheOlderControlGroups() throws Exception {
        limit("memory/memory.limit_in_bytes", String.valueOf(400L << 20));
        assertThat(heapMib(64_000)).isEqualTo(200);
    }
}
