package io.culvert.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.perf.axis.Axis;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PerfOptionsTest {

    @Test
    void needsNoArgument() {
        PerfOptions options = PerfOptions.parse(List.of());

        assertThat(options.connections()).containsExactly(1, 4, 16, 64);
        assertThat(options.rounds()).isEqualTo(5);
        assertThat(options.warm()).isEqualTo(Duration.ofSeconds(10));
        assertThat(options.chosenAxes()).extracting(Axis::name).contains("upload", "latency", "start", "idle");
        assertThat(options.wants("direct")).isTrue();
    }

    @Test
    void takesEveryOption() {
        PerfOptions options = PerfOptions.parse(List.of(
                "--peer",
                "/bin/sh",
                "--proxy",
                "old=/opt/old/proxy  --fast",
                "--ours",
                "java -jar x",
                "--rounds",
                "7",
                "--seconds",
                "2",
                "--connections",
                "4,64",
                "--axis",
                "latency,upload",
                "--subjects",
                "culvert,old",
                "--idle-connections",
                "500",
                "--warm-seconds",
                "0",
                "--out",
                "somewhere"));

        assertThat(options.proxies()).containsEntry("sh", List.of("/bin/sh", "proxy"));
        assertThat(options.proxies()).containsEntry("old", List.of("/opt/old/proxy", "--fast"));
        assertThat(options.own()).containsExactly("java", "-jar", "x");
        assertThat(options.rounds()).isEqualTo(7);
        assertThat(options.unit()).isEqualTo(Duration.ofSeconds(2));
        assertThat(options.connections()).containsExactly(4, 64);
        assertThat(options.chosenAxes()).extracting(Axis::name).containsExactly("upload", "latency");
        assertThat(options.wants("direct")).isFalse();
        assertThat(options.wants("old")).isTrue();
        assertThat(options.idleConnections()).isEqualTo(500);
        assertThat(options.warm()).isZero();
        assertThat(options.out()).isEqualTo(Path.of("somewhere"));
    }

    @Test
    void mixesOursWithEachOtherProxyBothWaysRound() {
        PerfOptions options = PerfOptions.parse(
                List.of("--mixed", "--proxy", "old=/opt/old", "--subjects", "culvert-to-old,old-to-culvert"));

        assertThat(options.mixed()).isTrue();
        assertThat(options.wants("old-to-culvert")).isTrue();
        assertThat(options.wants("old")).isFalse();
    }

    @Test
    void takesDirectoriesToMergeAndATimeToBecomeReady() {
        PerfOptions options = PerfOptions.parse(List.of("--merge", "one,two", "--ready-seconds", "90"));

        assertThat(options.merged()).containsExactly(Path.of("one"), Path.of("two"));
        assertThat(options.ready()).isEqualTo(Duration.ofSeconds(90));
    }

    @Test
    void takesPartsOfASecond() {
        assertThat(PerfOptions.parse(List.of("--seconds", "1.5")).unit()).isEqualTo(Duration.ofMillis(1_500));
    }

    @Test
    void laterOptionsWinOverQuick() {
        PerfOptions options = PerfOptions.parse(List.of("--quick", "--rounds", "3"));

        assertThat(options.rounds()).isEqualTo(3);
        assertThat(options.unit()).isEqualTo(Duration.ofSeconds(1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--rounds",
                "--rounds 0",
                "--rounds x",
                "--rounds 101",
                "--connections 1,,2",
                "--axis sideways",
                "--subjects nobody",
                "--proxy nameless",
                "--idle-connections 99999",
                "--seconds 0.1",
                "--seconds long",
                "--mixed",
                "--subjects culvert-to-nobody",
                "--speed 9",
                "x"
            })
    void refusesWhatItDoesNotUnderstandAndNamesIt(String line) {
        List<String> arguments = List.of(line.split(" "));

        assertThatThrownBy(() -> PerfOptions.parse(arguments))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(arguments.getFirst());
    }

    @Test
    void refusesAPeerThatCannotBeRun() {
        assertThatThrownBy(() -> PerfOptions.parse(List.of("--peer", "/proc/version")))
                .hasMessageContaining("not an executable file");
        assertThatThrownBy(() -> PerfOptions.parse(List.of("--peer", "/bin")))
                .hasMessageContaining("not an executable file");
    }

    @Test
    void helpNamesEveryAxisAndOption() {
        String help = Usage.text();

        PerfOptions.parse(List.of())
                .chosenAxes()
                .forEach(axis -> assertThat(help).contains("  " + axis.name() + " "));
        assertThat(help)
                .contains(
                        "--peer",
                        "--proxy",
                        "--ours",
                        "--subjects",
                        "--axis",
                        "--quick",
                        "--mixed",
                        "--merge",
                        "--out");
    }
}
