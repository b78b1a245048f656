package io.culvert.agent.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import io.culvert.agent.config.ConfigException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class LogSettingsTest {

    private static LogSettings read(String... arguments) throws ConfigException {
        return LogSettings.read(List.of(arguments), Map.of());
    }

    @Test
    void isInfoAndPlainUnlessSomebodySaysOtherwise() throws ConfigException {
        assertThat(read()).isEqualTo(LogSettings.standard());
    }

    @Test
    void understandsTheArgumentsOfTheOriginalsChart() throws ConfigException {
        assertThat(read("--log_output_level=debug", "--log_as_json"))
                .isEqualTo(new LogSettings(Level.DEBUG, true, List.of()));
        assertThat(read("--log_output_level", "warn", "--log_as_json=false"))
                .isEqualTo(new LogSettings(Level.WARN, false, List.of()));
    }

    @Test
    void takesTheLevelOfOurScopeFromAList() throws ConfigException {
        assertThat(read("--log_output_level=default:error,cni-agent:debug").level())
                .isEqualTo(Level.DEBUG);
        assertThat(read("--log_output_level=klog:none").level()).isEqualTo(Level.INFO);
    }

    @Test
    void theArgumentGoesBeforeTheVariable() throws ConfigException {
        Map<String, String> variables = Map.of("CULVERT_LOG_LEVEL", "error");

        assertThat(LogSettings.read(List.of(), variables).level()).isEqualTo(Level.ERROR);
        assertThat(LogSettings.read(List.of("--log_output_level=debug"), variables)
                        .level())
                .isEqualTo(Level.DEBUG);
    }

    @Test
    void namesALevelThatHasNoMeaning() {
        assertThatThrownBy(() -> read("--log_output_level=loud"))
                .isInstanceOf(ConfigException.class)
                .hasMessage("--log_output_level=\"loud\": write debug, info, warn, error or none");
        assertThatThrownBy(() -> LogSettings.read(List.of(), Map.of("CULVERT_LOG_LEVEL", "")))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("CULVERT_LOG_LEVEL=\"\"");
    }

    @Test
    void remembersWhatItDidNotUnderstand() throws ConfigException {
        assertThat(read("install", "--ctrlz_port=0").ignored()).containsExactly("install", "--ctrlz_port=0");
    }
}
