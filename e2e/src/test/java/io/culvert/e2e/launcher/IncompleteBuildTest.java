package io.culvert.e2e.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A demo of which a jar is missing says so in a line, not in a stack trace. */
final class IncompleteBuildTest {

    @Test
    void theDemoTellsOfAMissingPartInOneLine() {
        String whole = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        String incomplete = String.join(
                ":",
                List.of(whole.split(":", -1)).stream()
                        .filter(entry -> !entry.contains("/linux/target/") && !entry.contains("culvert-linux"))
                        .toList());

        Shell demo = Shell.run(
                Path.of("/"),
                Map.of(),
                Shell.java(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                incomplete,
                "-Dculvert.proxy.command=" + Shell.java(),
                "io.culvert.testkit.demo.DemoMain");

        assertThat(demo.status()).as(demo.output()).isEqualTo(2);
        assertThat(demo.lines())
                .last()
                .asString()
                .contains(
                        "culvert demo: this build is incomplete or mixed", "NoClassDefFoundError", "io/culvert/linux/")
                .contains("build it anew: rm -r */target, then ./culvert demo");
        assertThat(demo.output()).doesNotContain("\tat ");
    }
}
