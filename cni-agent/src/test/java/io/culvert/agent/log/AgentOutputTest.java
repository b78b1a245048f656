package io.culvert.agent.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent as a process that cannot start: both of its streams hold lines of its log and nothing else. */
@Tag("direct")
final class AgentOutputTest {

    private static final String LINE =
            "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z\t(error|warn|info|debug)\t[^\t]+\t.+";

    @TempDir
    private Path directory;

    private List<String> output(Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                withoutTestSettings(),
                "io.culvert.agent.Main"));
        command.addAll(List.of(arguments));
        Path log = directory.resolve("log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().remove("NODE_NAME");
        builder.environment().putAll(environment);
        Process agent = builder.start();
        try {
            assertThat(agent.waitFor(2, TimeUnit.MINUTES)).isTrue();
        } finally {
            agent.destroyForcibly();
        }
        List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
        assertThat(agent.exitValue()).as(String.join("\n", lines)).isEqualTo(1);
        return lines;
    }

    /** The tests' own settings of Logback lie beside the tests. */
    private static String withoutTestSettings() throws IOException {
        String whole = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return String.join(
                ":",
                List.of(whole.split(":", -1)).stream()
                        .filter(entry -> !entry.endsWith("test-classes"))
                        .toList());
    }

    @Test
    void oneLineNamesCauseAndRemedy() throws Exception {
        assertThat(output(Map.of()))
                .singleElement()
                .asString()
                .matches(LINE)
                .contains("\terror\tcni-agent\tthe agent cannot start: NODE_NAME=\"\": name the Kubernetes node");
    }

    @Test
    void theLineIsAnObjectWhereThatIsAskedFor() throws Exception {
        assertThat(output(Map.of(), "--log_as_json", "--log_output_level=info"))
                .singleElement()
                .satisfies(line -> assertThat(
                                JsonParser.parseString(line).getAsJsonObject().keySet())
                        .containsExactly("level", "time", "scope", "msg"));
    }

    /** A Kubernetes client that has no cluster to talk to: it retries, and its own words are not shown. */
    @Test
    void whatLibrariesSayIsInTheSameFormat() throws Exception {
        Map<String, String> lost = Map.of(
                "NODE_NAME", "node-1",
                "KUBECONFIG", directory.resolve("none").toString(),
                "CNI_AGENT_RUN_DIR", directory.resolve("file").toString(),
                "CULVERT_HEALTH_PORT", "0",
                "MONITORING_PORT", "0",
                "CULVERT_ADMIN_PORT", "0",
                "ZTUNNEL_UDS_ADDRESS", directory.resolve("zds").toString());
        Files.writeString(directory.resolve("file"), "");

        assertThat(output(lost, "--log_output_level=debug", "unheard-of"))
                .allSatisfy(line -> assertThat(line).matches(LINE))
                .anySatisfy(line -> assertThat(line)
                        .contains("\twarn\tcni-agent\tthe argument unheard-of is not known and is ignored"))
                .last()
                .asString()
                .contains("\terror\tcni-agent\tthe agent cannot start");
    }
}
