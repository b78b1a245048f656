package io.culvert.testkit.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class EventLogTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final EventLog log = new EventLog();

    @Test
    void eventsBeforeAPositionDoNotCountAfterIt() throws Exception {
        log.append(closed(1));
        long position = log.position();
        assertThatExceptionOfType(TimeoutException.class)
                .isThrownBy(() ->
                        log.awaitAfter(position, ControlPlaneEvent.StreamClosed.class, e -> true, Duration.ofNanos(1)));
        log.append(closed(2));
        assertThat(log.awaitAfter(position, ControlPlaneEvent.StreamClosed.class, e -> true, LIMIT).stream())
                .isEqualTo(2);
        assertThat(log.await(ControlPlaneEvent.StreamClosed.class, e -> true, LIMIT).stream())
                .isEqualTo(1);
    }

    @Test
    void oldestEventsGoFirstAndPositionsStay() throws Exception {
        for (int i = 0; i < EventLog.EVENTS_MAX; i++) {
            log.append(closed(i));
        }
        long position = log.position();
        log.append(closed(-1));
        assertThat(log.all(ControlPlaneEvent.StreamClosed.class))
                .hasSize(EventLog.EVENTS_MAX)
                .first()
                .isEqualTo(closed(1));
        assertThat(log.awaitAfter(position, ControlPlaneEvent.StreamClosed.class, e -> true, LIMIT))
                .isEqualTo(closed(-1));
    }

    private static ControlPlaneEvent closed(long stream) {
        return new ControlPlaneEvent.StreamClosed(stream, "test");
    }
}
