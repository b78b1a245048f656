package io.culvert.testkit.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.testkit.mesh.MeshOptions.Agent;
import io.culvert.testkit.mesh.MeshOptions.CniPlugin;
import io.culvert.testkit.mesh.NodePrograms;
import io.culvert.testkit.spec.AddressPlan;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class DemoPartsTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Test
    void withoutATerminalThereAreNoColoursAndWithoutUtf8NoSigns() {
        Terminal terminal = terminal(false, StandardCharsets.US_ASCII);
        terminal.title("title");
        terminal.scene(1, "scene");
        terminal.done("step", Duration.ofMillis(1234));
        terminal.verdict(false, "held", "it did not");
        terminal.quote("a line");
        assertThat(text())
                .matches(text -> text.chars().allMatch(c -> c == '\n' || (c >= ' ' && c < 127)), "plain ASCII")
                .contains("ok step")
                .contains("1.23 s")
                .contains("FAILED: held: it did not")
                .contains("| a line");
    }

    @Test
    void longSentencesAreWrappedAndCommandsAreNot() {
        Terminal terminal = terminal(false, StandardCharsets.UTF_8);
        terminal.quote("word ".repeat(50));
        assertThat(text().lines()).allMatch(line -> line.length() <= 115).hasSizeGreaterThan(2);
        terminal.command("x".repeat(200));
        assertThat(text()).contains("x".repeat(200));
    }

    @Test
    void oneFailureIsEnough() {
        Expectations expect = new Expectations(terminal(false, StandardCharsets.UTF_8));
        expect.that(true, "first", "");
        assertThat(expect.allHeld()).isTrue();
        expect.that(false, "second", "it rained");
        assertThat(expect.allHeld()).isFalse();
        assertThat(expect.failures()).containsExactly("second");
        assertThat(expect.heldCount()).isEqualTo(1);
    }

    @Test
    void aSlowStartIsAFailureUnlessOthersKeptTheMachineBusy() {
        Terminal terminal = terminal(false, StandardCharsets.UTF_8);
        Expectations expect = new Expectations(terminal);
        Duration late = Duration.ofSeconds(11);
        StartGoal.of(Map.of(), 0.9, 2).judge(Duration.ofSeconds(10), terminal, expect);
        StartGoal.of(Map.of(), 1.1, 2).judge(late, terminal, expect);
        StartGoal.of(Map.of(StartGoal.LIMIT_VARIABLE, "12"), 0.9, 2).judge(late, terminal, expect);
        assertThat(expect.failures()).isEmpty();
        assertThat(text()).contains("this one was busy (load 1.1 on 2 cores)");
        StartGoal.of(Map.of(), 0.9, 2).judge(late, terminal, expect);
        assertThat(expect.failures()).containsExactly("first traffic flowed within 10 s of the start");
        assertThatThrownBy(() -> StartGoal.of(Map.of(StartGoal.LIMIT_VARIABLE, "soon"), 0, 2))
                .hasMessage("CULVERT_DEMO_START_LIMIT_S=soon: give whole seconds, such as 30");
    }

    @Test
    void programsComeOneArgumentALine() {
        Map<String, String> properties =
                Map.of(NodePrograms.PROXY, "java\n-cp\n/with a space/x.jar\nMain\n", NodePrograms.AGENT, "java\nAgent");
        assertThat(NodePrograms.of(properties)).hasValueSatisfying(programs -> {
            assertThat(programs.proxy()).containsExactly("java", "-cp", "/with a space/x.jar", "Main");
            assertThat(programs.agent())
                    .isInstanceOfSatisfying(
                            Agent.Command.class,
                            agent -> assertThat(agent.plugin()).isEqualTo(new CniPlugin.PlayedByTestkit()));
            assertThat(programs.agentInWords()).contains("the testkit plays its part");
        });
    }

    @Test
    void withoutAProxyThereIsNothingToShow() {
        assertThat(NodePrograms.of(Map.of())).isEmpty();
    }

    @Test
    void theMeshThatIsShownFitsTogether() {
        assertThat(AddressPlan.of(DemoMesh.spec(), 0).proxy("node-2").v4()).isNotNull();
        assertThat(DemoMesh.spec().toBuilder()
                        .policy(DemoMesh.noPlaintext())
                        .build()
                        .policies())
                .hasSize(2);
    }

    private Terminal terminal(boolean colours, Charset charset) {
        return new Terminal(new PrintStream(bytes, true, StandardCharsets.UTF_8), colours, charset);
    }

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
