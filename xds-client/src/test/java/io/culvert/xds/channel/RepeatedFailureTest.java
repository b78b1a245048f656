package io.culvert.xds.channel;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RepeatedFailureTest {

    private static final Instant START = Instant.parse("2026-11-21T00:00:00Z");

    private final RepeatedFailure failure = new RepeatedFailure();

    @Test
    void theSameAgainIsNoNews() {
        assertThat(failure.isNews("refused", START)).isTrue();
        assertThat(failure.count()).isEmpty();
        assertThat(failure.isNews("refused", START.plusSeconds(1))).isFalse();
        assertThat(failure.count()).isEqualTo(" (2 times in a row)");
        assertThat(failure.isNews("no token", START.plusSeconds(2))).isTrue();
        assertThat(failure.count()).isEmpty();
    }

    @Test
    void remindsOfWhatLasts() {
        failure.isNews("refused", START);
        Instant later = START.plus(RepeatedFailure.REMIND_AFTER);
        assertThat(failure.isNews("refused", later.minusMillis(1))).isFalse();
        assertThat(failure.isNews("refused", later)).isTrue();
        assertThat(failure.isNews("refused", later.plusSeconds(1))).isFalse();
    }

    @Test
    void isNewsAgainAfterItWorked() {
        failure.isNews("refused", START);
        failure.isNews("refused", START);
        assertThat(failure.over()).isEqualTo(2);
        assertThat(failure.over()).isZero();
        assertThat(failure.isNews("refused", START.plusSeconds(1))).isTrue();
    }

    @Test
    void aClockThatGoesBackHidesNothing() {
        failure.isNews("refused", START);
        assertThat(failure.isNews("refused", START.minus(Duration.ofDays(1)))).isTrue();
    }
}
