package io.culvert.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Timers under a clock that the test turns. */
final class TimerWheelTest {
    private long nowNanos = 12_345;
    private final TreeMap<Long, Integer> alarms = new TreeMap<>();
    private final TimerWheel wheel =
            new TimerWheel(() -> nowNanos, delayMs -> alarms.merge(ms() + delayMs, 1, Integer::sum));
    private final List<String> ran = new ArrayList<>();

    private long ms() {
        return (nowNanos - 12_345) / 1_000_000;
    }

    /** Lets time pass, and the alarms ring that were set. */
    private void pass(long forMs) {
        long end = ms() + forMs;
        while (!alarms.isEmpty() && alarms.firstKey() <= end) {
            long at = Math.max(ms(), alarms.firstKey());
            alarms.pollFirstEntry();
            nowNanos = 12_345 + at * 1_000_000;
            wheel.run();
        }
        nowNanos = 12_345 + end * 1_000_000;
    }

    @Test
    void runsEachOnceNeverEarly() {
        wheel.schedule(() -> ran.add("100 at " + ms()), 100);
        wheel.schedule(() -> ran.add("0 at " + ms()), 0);
        pass(99);
        assertThat(ran).hasSize(1);
        pass(30);
        assertThat(ran).hasSize(2);
        pass(100_000);
        assertThat(ran).hasSize(2);
        assertThat(wheel.waiting()).isZero();
        assertThat(alarms).isEmpty();
    }

    @Test
    void waitsMoreThanARevolution() {
        wheel.schedule(() -> ran.add("late"), 300_000);
        pass(299_999);
        assertThat(ran).isEmpty();
        pass(40);
        assertThat(ran).containsExactly("late");
    }

    @Test
    void forgetsCancelledOnes() {
        LoopTimer one = wheel.schedule(() -> ran.add("one"), 50);
        LoopTimer two = wheel.schedule(() -> ran.add("two"), 50);
        wheel.schedule(() -> ran.add("three"), 50);
        two.cancel();
        two.cancel();
        one.cancel();
        assertThat(wheel.waiting()).isEqualTo(1);
        pass(100);
        assertThat(ran).containsExactly("three");
    }

    @Test
    void survivesATaskThatThrowsAndOnesThatSetOthers() {
        wheel.schedule(
                () -> {
                    throw new IllegalStateException("on purpose");
                },
                10);
        wheel.schedule(() -> wheel.schedule(() -> ran.add("inner"), 10), 10);
        pass(200);
        assertThat(ran).containsExactly("inner");
    }

    @Test
    void keepsAThousandRandomTimersApart() {
        Random random = new Random(7);
        List<String> wrong = new ArrayList<>();
        int[] count = {0};
        for (int i = 0; i < 1_000; i++) {
            long delay = random.nextInt(60_000);
            long due = ms() + delay;
            LoopTimer timer = wheel.schedule(
                    () -> {
                        count[0]++;
                        if (ms() < due || ms() > due + 2 * TimerWheel.TICK_MS) {
                            wrong.add(due + " ran at " + ms());
                        }
                    },
                    delay);
            if (i % 10 == 0) {
                timer.cancel();
            }
            pass(random.nextInt(40));
        }
        pass(100_000);
        assertThat(wrong).isEmpty();
        assertThat(count[0]).isEqualTo(900);
    }
}
