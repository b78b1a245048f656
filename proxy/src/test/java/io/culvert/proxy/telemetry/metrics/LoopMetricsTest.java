package io.culvert.proxy.telemetry.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.relay.LoopsForTests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoopMetricsTest {

    private static String scrape(LoopMetrics metrics) {
        return new String(new MetricsRegistry().add(metrics).scrape(), StandardCharsets.UTF_8);
    }

    private static void thread(Path tasks, int id, String name, int user, int system, long parks) throws IOException {
        Path task = Files.createDirectories(tasks.resolve(String.valueOf(id)));
        Files.writeString(
                task.resolve("stat"),
                "%d (%s) S 1 1 1 0 -1 4194368 100 0 0 0 %d %d 0 0 20 0 30 0 1 1\n".formatted(id, name, user, system));
        Files.writeString(task.resolve("status"), "Name:\t%s\nvoluntary_ctxt_switches:\t%d\n".formatted(name, parks));
    }

    @Test
    @SuppressWarnings("StringConcatToTextBlock") // the very bytes are meant
    void tellsTimeAndPausesOfEachLoopAndOfNoOtherThread(@TempDir Path tasks) throws IOException {
        thread(tasks, 12, "data-2-1", 150, 25, 7);
        thread(tasks, 13, "data-2-2", 1, 0, 9);
        thread(tasks, 14, "culvert-log", 1, 1, 1);
        thread(tasks, 15, "data-x", 1, 1, 1);
        Files.createDirectories(tasks.resolve("16"));
        assertThat(scrape(new LoopMetrics(tasks)))
                .isEqualTo("# HELP culvert_loops Data loops (unstable).\n# TYPE culvert_loops gauge\n"
                        + "culvert_loops 2\n"
                        + "# HELP culvert_loop_cpu_seconds CPU time of each data loop (unstable).\n"
                        + "# TYPE culvert_loop_cpu_seconds counter\n# UNIT culvert_loop_cpu_seconds seconds\n"
                        + "culvert_loop_cpu_seconds_total{loop=\"0\"} 1.75\n"
                        + "culvert_loop_cpu_seconds_total{loop=\"1\"} 0.01\n"
                        + "# HELP culvert_loop_parks Times that each data loop had nothing to do (unstable).\n"
                        + "# TYPE culvert_loop_parks counter\n"
                        + "culvert_loop_parks_total{loop=\"0\"} 7\n"
                        + "culvert_loop_parks_total{loop=\"1\"} 9\n"
                        + "# EOF\n");
    }

    @Test
    void saysNothingWhereTheKernelDoesNot(@TempDir Path tasks) {
        assertThat(scrape(new LoopMetrics(tasks.resolve("missing"))))
                .contains("culvert_loops 0\n")
                .doesNotContain("cpu_seconds");
    }

    @Test
    @Tag("loop")
    void findsLoopsThatRun() {
        try (LoopsForTests loops = new LoopsForTests(1)) {
            LoopsForTests.run(loops.get(0), () -> {});
            assertThat(scrape(new LoopMetrics())).contains("culvert_loop_parks_total{loop=\"0\"} ");
        }
    }
}
