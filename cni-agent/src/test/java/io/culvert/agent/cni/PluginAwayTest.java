package io.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonParser;
import io.culvert.agent.enrol.Admission;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the plugin decides while nobody listens, what it logs, and what its readers make of broken input. */
@Tag("direct")
final class PluginAwayTest {
    private static final int BIG = 10 << 20;

    @TempDir
    private Path runDir;

    private Path written;

    @BeforeEach
    void build() throws Exception {
        Plugin.executable();
        written = runDir.resolve("outside-namespaces");
    }

    @Test
    void startsPodsOfNamespacesThatTheAgentHasWrittenDown() throws Exception {
        new OutsideNamespaces(runDir, Path.of("/proc")).write(List.of("plain", "other"));
        assertThat(Files.getPosixFilePermissions(written)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(start("plain")).as("no socket").isZero();
        assertThat(start("other")).isZero();
        assertThat(start("plai")).isEqualTo(1);
        assertThat(start("end")).isEqualTo(1);
        assertThat(start("boot")).isEqualTo(1);
        assertThat(log()).anySatisfy(line -> assertThat(line).contains("\"info\"", "the agent is away", "plain"));

        try (ServerSocketChannel nobody = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            nobody.bind(UnixDomainSocketAddress.of(runDir.resolve("pluginevent.sock")));
        }
        assertThat(start("plain")).as("a socket that nobody serves").isZero();
    }

    @Test
    void asksTheAgentWhileThereIsOne() throws Exception {
        new OutsideNamespaces(runDir, Path.of("/proc")).write(List.of("plain"));
        try (EventServer _ = EventServer.start(
                runDir.resolve("pluginevent.sock"), (add, honour) -> new Admission.Failed("no"), status -> {})) {
            assertThat(start("plain")).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "until [0-9]+, until 1, over",
        "boot .*, boot of another time, another boot",
        "spaces 1, spaces 2, another layout",
        "end, '', the end is missing",
        "end, end and more, something else at the end",
        "until [0-9]+, until soon, no number"
    })
    void failsClosedByAFileThatDoesNotHold(String what, String by, String name) throws Exception {
        new OutsideNamespaces(runDir, Path.of("/proc")).write(List.of("plain"));
        assertThat(start("plain")).isZero();
        Files.writeString(written, Files.readString(written).replaceFirst(what, by));
        assertThat(start("plain")).as(name).isEqualTo(1);
    }

    @Test
    void failsClosedByAFileThatIsNone() throws Exception {
        assertThat(start("plain")).as("missing").isEqualTo(1);
        Path elsewhere = runDir.resolve("elsewhere");
        new OutsideNamespaces(runDir, Path.of("/proc")).write(List.of("plain"));
        Files.move(written, elsewhere);
        Files.createSymbolicLink(written, elsewhere);
        assertThat(start("plain")).as("a symbolic link").isEqualTo(1);
        Files.delete(written);
        Files.writeString(written, "plain\n".repeat(200_000));
        assertThat(start("plain")).as("a megabyte").isEqualTo(1);
    }

    @Test
    void writesEachFailureToALogThatDoesNotGrowForEver() throws Exception {
        assertThat(start("n")).isEqualTo(1);
        assertThat(Plugin.add("n", "p", "/n")
                        .run("{\"cniVersion\":\"9.9.9\",\"name\":\"x\",\"cni_agent_run_dir\":\"" + runDir + "\"}")
                        .status())
                .isEqualTo(1);
        List<String> lines = log();
        assertThat(lines).hasSize(2);
        var first = JsonParser.parseString(lines.getFirst()).getAsJsonObject();
        assertThat(first.get("level").getAsString()).isEqualTo("error");
        assertThat(first.get("msg").getAsString()).contains("the node agent is not there");
        assertThat(first.get("pod").getAsString()).contains("K8S_POD_NAMESPACE=n");
        assertThat(Instant.parse(first.get("time").getAsString()))
                .isBetween(Instant.now().minusSeconds(600), Instant.now().plusSeconds(1));

        Path log = runDir.resolve("istio-cni.log");
        Files.write(log, new byte[BIG]);
        assertThat(start("n")).isEqualTo(1);
        assertThat(log()).hasSize(1);
        assertThat(Files.size(runDir.resolve("istio-cni.log.1"))).isEqualTo(BIG);
    }

    @Test
    void refusesTenMegabytes() throws Exception {
        byte[] much = new byte[BIG];
        Arrays.fill(much, (byte) ' ');
        Plugin.Outcome outcome = Plugin.add("n", "p", "/n").run(much);
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.output()).contains("\"code\":6", "longer than 1 MiB");
    }

    @Test
    void itsReadersSurviveBrokenInputUnderSanitizers() throws Exception {
        Path fuzz = runDir.resolve("fuzz");
        Run compiled = Run.of(
                "cc",
                "-std=gnu11",
                "-g",
                "-O1",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-fsanitize=address,undefined",
                "-fno-sanitize-recover=all",
                "src/test/c/fuzz.c",
                "-o",
                fuzz.toString());
        assumeTrue(
                compiled.status() == 0 || !compiled.said().contains("san"),
                () -> "not run: this compiler has no sanitizers: " + compiled.said());
        assertThat(compiled.status()).as(compiled::said).isZero();
        long seed = Long.getLong("culvert.seed", 1L);
        Run run = Run.of(
                fuzz.toString(), Long.toString(seed), Integer.toString(Integer.getInteger("culvert.rounds", 300_000)));
        assertThat(run.status()).as("-Dculvert.seed=%s: %s", seed, run.said()).isZero();
    }

    private record Run(int status, String said) {
        static Run of(String... command) throws IOException, InterruptedException {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
            return new Run(process.exitValue(), said);
        }
    }

    private int start(String namespace) throws Exception {
        return Plugin.add(namespace, "p", "/n")
                .run("{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"cni_agent_run_dir\":\"" + runDir + "\"}")
                .status();
    }

    private List<String> log() throws IOException {
        return Files.readAllLines(runDir.resolve("istio-cni.log"));
    }
}
