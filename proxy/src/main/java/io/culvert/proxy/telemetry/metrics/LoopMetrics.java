package io.culvert.proxy.telemetry.metrics;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * How busy the data loops are, by the kernel's own accounts of their threads, so that a loop pays nothing for it. They
 * stand where the original has {@code tokio_num_workers}, {@code tokio_worker_total_busy_duration_seconds} and {@code
 * tokio_worker_park_count} (metrics/meta.rs); whether work waits for a loop is told by {@code
 * culvert_handshake_wait_milliseconds}.
 *
 * <p>Threads are found by their name, {@code data-POOL-NUMBER}. Everything is read when scraped.
 */
public final class LoopMetrics implements MetricSource {

    private static final String PREFIX = "data-";
    /** The kernel counts threads' time to user space in hundredths of a second, whatever its own clock (proc(5)). */
    private static final double TICKS_PER_SECOND = 100;
    /** Of proc(5)'s fields of stat, counted from behind the name: utime and stime. */
    private static final int USER_TIME = 11;

    private static final int SYSTEM_TIME = 12;

    private static final String PARKS = "voluntary_ctxt_switches:";

    private final Path tasks;

    public LoopMetrics() {
        this(Path.of("/proc/self/task"));
    }

    LoopMetrics(Path tasks) {
        this.tasks = tasks;
    }

    private record Account(double cpuSeconds, long parks) {}

    @Override
    public void write(Exposition out) {
        Map<Integer, Account> loops = accounts();
        out.family("culvert_loops", "gauge", "Data loops (unstable).");
        out.sample("culvert_loops", "", (long) loops.size());
        if (loops.isEmpty()) {
            return;
        }
        out.family("culvert_loop_cpu_seconds", "counter", "CPU time of each data loop (unstable).", "seconds");
        loops.forEach((loop, account) ->
                out.sample("culvert_loop_cpu_seconds_total", "{loop=\"" + loop + "\"}", account.cpuSeconds));
        out.family("culvert_loop_parks", "counter", "Times that each data loop had nothing to do (unstable).");
        loops.forEach(
                (loop, account) -> out.sample("culvert_loop_parks_total", "{loop=\"" + loop + "\"}", account.parks));
    }

    private Map<Integer, Account> accounts() {
        Map<Integer, Account> found = new TreeMap<>();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
            for (Path thread : threads) {
                read(thread, found);
            }
        } catch (IOException unreadable) {
            return Map.of();
        }
        return found;
    }

    /** A thread that ends while it is read is none. */
    private static void read(Path thread, Map<Integer, Account> into) {
        try {
            String stat = Files.readString(thread.resolve("stat"));
            String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
            if (!name.startsWith(PREFIX)) {
                return;
            }
            int number = Integer.parseInt(name.substring(name.lastIndexOf('-') + 1)) - 1;
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            double ticks = Double.parseDouble(fields[USER_TIME]) + Double.parseDouble(fields[SYSTEM_TIME]);
            into.put(number, new Account(ticks / TICKS_PER_SECOND, parks(thread)));
        } catch (IOException | RuntimeException unreadable) {
            // Not one of ours, or gone.
            return;
        }
    }

    private static long parks(Path thread) throws IOException {
        for (String line : Files.readAllLines(thread.resolve("status"))) {
            if (line.startsWith(PARKS)) {
                return Long.parseLong(line.substring(PARKS.length()).strip());
            }
        }
        return 0;
    }
}
