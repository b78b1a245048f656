package io.culvert.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class ProcessFiguresTest {

    @Test
    void readsTimesBehindANameWithParentheses() {
        String stat = "17 (a) b) S 1 17 17 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 9 1 2\n";

        ProcessFigures figures = ProcessFigures.parse(stat, "Name:\ta) b\nVmPeak:\t 99 kB\nVmRSS:\t    12 kB\n");

        assertThat(figures).isEqualTo(new ProcessFigures(3.0, 12 * 1024));
    }

    @Test
    void readsThisProcess() throws IOException {
        assertThat(ProcessFigures.of(ProcessHandle.current().pid()).residentBytes())
                .isGreaterThan(1_000_000);
    }
}
