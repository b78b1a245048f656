package io.culvert.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PerfOptionsTest {

    @Test
    void needsNoArgument() {
        assertThat(PerfOptions.parse(List.of()).connections()).containsExactly(1, 16);
    }

    @Test
    void takesEveryOption() {
        PerfOptions options = PerfOptions.parse(
                List.of("--peer", "/bin/sh", "--rounds", "7", "--seconds", "2", "--connections", "4,64"));

        assertThat(options.peer()).contains(Path.of("/bin/sh"));
        assertThat(options.rounds()).isEqualTo(7);
        assertThat(options.length()).isEqualTo(Duration.ofSeconds(2));
        assertThat(options.connections()).containsExactly(4, 64);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"--rounds", "--rounds 0", "--rounds x", "--rounds 101", "--connections 1,,2", "--speed 9", "x"})
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
}
