package io.culvert.xds.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The end of the control side: in order, and at once. */
final class ClosingTest {
    private final AtomicInteger ran = new AtomicInteger();

    @Test
    void doesWhatItWasGivenBeforeAndNothingLater() {
        ControlThread control = new ControlThread(InstantSource.system());
        control.schedule(Duration.ofHours(1), () -> ran.addAndGet(1_000_000));
        for (int i = 0; i < 1_000; i++) {
            control.execute(ran::incrementAndGet);
        }

        control.close();

        assertThat(ran).hasValue(1_000);
        control.execute(ran::incrementAndGet);
        control.close();
        assertThat(ran).hasValue(1_000);
    }

    @Test
    void doesNotWaitForItself() {
        ControlThread control = new ControlThread(InstantSource.system());
        control.execute(() -> {
            control.close();
            ran.incrementAndGet();
        });

        control.close();

        assertThat(ran).hasValue(1);
    }

    @Test
    @Tag("direct")
    void endsChannelsBeforeTheThreadThatServesThem(@TempDir Path directory) {
        ControlThread control = new ControlThread(InstantSource.system());
        GrpcTransport grpc = new GrpcTransport(control);
        ManagedChannel busy = grpc.openSocket(directory.resolve("nobody"));
        busy.getState(true);

        grpc.close();

        assertThat(busy.isTerminated()).isTrue();
        assertThat(grpc.openSocket(directory.resolve("late")).isShutdown()).isTrue();
        control.close();
    }
}
