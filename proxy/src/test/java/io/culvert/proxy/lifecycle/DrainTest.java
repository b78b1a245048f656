package io.culvert.proxy.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DrainTest {

    private final List<String> told = new CopyOnWriteArrayList<>();

    private Drain.Participant participant(String name, DrainMode finishesAt) {
        return (mode, finished) -> {
            told.add(name + " " + mode);
            if (mode == finishesAt) {
                finished.run();
                finished.run();
            }
        };
    }

    @Test
    void letsParticipantsEndInPeace() throws InterruptedException {
        Drain drain = new Drain(Duration.ofMinutes(5), System::nanoTime);
        drain.register("a", participant("a", DrainMode.GRACEFUL));
        drain.register("b", participant("b", DrainMode.GRACEFUL));
        assertThat(drain.hasBegun()).isFalse();
        drain.begin();
        drain.begin();
        drain.run();
        assertThat(told).containsExactlyInAnyOrder("a GRACEFUL", "b GRACEFUL");
    }

    @Test
    void cutsThoseThatAreNotDoneAtTheDeadline() throws InterruptedException {
        Drain drain = new Drain(Duration.ZERO, System::nanoTime);
        drain.register("quick", participant("quick", DrainMode.GRACEFUL));
        drain.register("slow", participant("slow", DrainMode.IMMEDIATE));
        drain.begin();
        drain.run();
        assertThat(told).containsExactlyInAnyOrder("quick GRACEFUL", "slow GRACEFUL", "slow IMMEDIATE");
    }

    @Test
    void doesNotBeginByItself() throws InterruptedException {
        Drain drain = new Drain(Duration.ZERO, System::nanoTime);
        drain.register("a", participant("a", DrainMode.GRACEFUL));
        Thread main = Thread.ofPlatform().start(() -> {
            try {
                drain.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertThat(told).isEmpty();
        drain.begin();
        main.join();
        assertThat(told).containsExactly("a GRACEFUL");
    }
}
