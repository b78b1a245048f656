package io.culvert.proxy.telemetry.log;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogFilterTest {

    @Test
    void listsItselfAsTheOriginalDoes() {
        assertThat(LogFilter.startup("info")).hasToString("hickory_server::server=off,info");
        assertThat(LogFilter.startup("info").with("debug"))
                .hasValueSatisfying(filter -> assertThat(filter).hasToString("hickory_server::server=off,debug"));
        assertThat(LogFilter.startup("")).hasToString("hickory_server::server=off,info");
    }

    @Test
    void theMostSpecificTargetDecides() {
        LogFilter filter = LogFilter.startup("warn,ztunnel::proxy=debug,proxy::inbound=error,access=off");
        assertThat(filter.level("proxy::outbound")).isEqualTo(LogLevel.DEBUG);
        assertThat(filter.level("proxy::inbound")).isEqualTo(LogLevel.ERROR);
        assertThat(filter.level("access")).isEqualTo(LogLevel.OFF);
        assertThat(filter.level("xds")).isEqualTo(LogLevel.WARN);
    }

    @Test
    void whatNoDirectiveSpeaksOfIsSilent() {
        assertThat(LogFilter.startup("access=debug").level("xds")).isEqualTo(LogLevel.OFF);
    }

    @Test
    void takesBothSpellingsOfATargetsLevel() {
        LogFilter equals =
                LogFilter.startup("info").with("ztunnel::proxy=debug").orElseThrow();
        LogFilter colon = LogFilter.startup("info").with("ztunnel::proxy:debug").orElseThrow();
        assertThat(colon).hasToString(equals.toString());
        assertThat(colon.level("proxy::pool")).isEqualTo(LogLevel.DEBUG);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bogus", "", "=debug", "a=bogus", "a:", "ztunnel::proxy", "info,,debug", "info,bogus"})
    void refusesWhatItCannotRead(String spec) {
        assertThat(LogFilter.startup("info").with(spec)).isEmpty();
    }

    @Test
    void doesNotGrowWithoutBound() {
        LogFilter filter = LogFilter.startup("info");
        for (int i = 0; i < 1000; i++) {
            filter = filter.with("t" + i + "=debug").orElse(filter);
        }
        assertThat(filter.toString().split(",", -1).length).isLessThanOrEqualTo(256);
    }

    @Test
    void anIllegibleStartupFilterMeansInfo() {
        assertThat(LogFilter.startup("what?").level("xds")).isEqualTo(LogLevel.INFO);
    }
}
