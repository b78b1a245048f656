package io.culvert.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The operator is told what to do, and not a thousand times. */
final class PeerAdviceTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final PeerAdvice advice = new PeerAdvice();

    @ParameterizedTest
    @EnumSource(PeerFault.class)
    void namesCauseAndRemedy(PeerFault fault) {
        assertThat(advice.on(fault, START).orElseThrow())
                .startsWith("turned a peer away, as its certificate ")
                .containsPattern("\\(which one: see the access log\\): .*(compare|[Cc]heck)");
    }

    @Test
    void saysEachFaultOnceHoweverTheyAreMixed() {
        for (PeerFault fault : PeerFault.values()) {
            assertThat(advice.on(fault, START)).isPresent();
        }
        for (int i = 0; i < 1_000; i++) {
            Instant now = START.plusMillis(i);
            for (PeerFault fault : PeerFault.values()) {
                assertThat(advice.on(fault, now)).isEmpty();
            }
        }
    }

    @Test
    void saysAgainLaterHowOftenItWas() {
        advice.on(PeerFault.EXPIRED, START);
        advice.on(PeerFault.EXPIRED, START.plusSeconds(1));

        Optional<String> later = advice.on(PeerFault.EXPIRED, START.plus(Duration.ofHours(1)));

        assertThat(later.orElseThrow()).contains("compare the clocks").endsWith("(3 times in a row)");
    }
}
