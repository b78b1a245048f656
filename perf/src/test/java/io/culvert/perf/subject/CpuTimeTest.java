package io.culvert.perf.subject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CpuTimeTest {

    @Test
    void readsTicksBehindANameWithParentheses() {
        String stat = "17 (a) b) S 1 17 17 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 9 1 2\n";

        assertThat(CpuTime.ticks(stat)).isEqualTo(300);
    }

    @Test
    void addsThreadsThatGrewAndThreadsThatAreNew() {
        CpuTime before = new CpuTime(Map.of(1L, 1_000_000_000L, 2L, 5L));
        CpuTime after = new CpuTime(Map.of(1L, 3_000_000_000L, 3L, 500_000_000L));

        assertThat(after.secondsSince(before)).isCloseTo(2.5, within(1e-9));
    }

    @Test
    void countsThreadsThatEndedByTheirProcess() {
        CpuTime before = new CpuTime(Map.of(1L, 1_000_000_000L, -1L, 1_000_000_000L));
        CpuTime nobodyEnded = new CpuTime(Map.of(1L, 1_500_000_000L, -1L, 1_520_000_000L));
        CpuTime someEnded = new CpuTime(Map.of(1L, 1_500_000_000L, -1L, 3_000_000_000L));

        assertThat(nobodyEnded.secondsSince(before)).isCloseTo(0.5, within(1e-9));
        assertThat(someEnded.secondsSince(before)).isCloseTo(2, within(1e-9));
    }

    @Test
    void seesThisProcessAtWork() throws IOException {
        List<Long> self = List.of(ProcessHandle.current().pid());
        CpuTime before = CpuTime.of(self);
        double used = 0;
        // Bounded by the work itself: reading these files takes time of this process.
        for (int i = 0; i < 100_000 && used == 0; i++) {
            used = CpuTime.of(self).secondsSince(before);
        }

        assertThat(used).isPositive();
    }

    @Test
    void readsMemory() throws IOException {
        assertThat(Memory.parse("00400000-7ff [rollup]\nRss:    12 kB\nPss:   7 kB\nPss_Dirty: 1 kB\n"))
                .isEqualTo(new Memory(12 * 1024, 7 * 1024));
        assertThat(Memory.of(ProcessHandle.current().pid()).residentBytes()).isGreaterThan(1_000_000);
    }
}
