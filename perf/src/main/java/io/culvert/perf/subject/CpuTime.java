package io.culvert.perf.subject;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * CPU time of some processes up to a moment, user and system. By thread in nanoseconds where the kernel tells
 * (/proc/PID/task/TID/schedstat, Linux Documentation/scheduler/sched-stats.rst), else by process in clock ticks
 * (/proc/PID/stat). A thread that ended in between is missing from the first and contained in the second, which
 * therefore counts where it is clearly more.
 *
 * @param nanos by thread id, exactly; by negated process id, in ticks
 */
record CpuTime(Map<Long, Long> nanos) {
    /** Fields of /proc/PID/stat after the name in parentheses: 14 utime and 15 stime, of which the name is number 2. */
    private static final int UTIME = 11;

    private static final int STIME = 12;

    /** USER_HZ is 100 on every architecture that Linux still serves us on. */
    private static final long NANOS_PER_TICK = 10_000_000;

    /** Two readings, each of user and system time, of at most two processes that are measured together. */
    private static final long ROUNDING_NANOS = 8 * NANOS_PER_TICK;

    CpuTime {
        nanos = Map.copyOf(nanos);
    }

    static CpuTime of(Collection<Long> pids) throws IOException {
        Map<Long, Long> nanos = new HashMap<>();
        for (long pid : pids) {
            Path process = Path.of("/proc", Long.toString(pid));
            if (Files.exists(process.resolve("schedstat"))) {
                for (Path thread : threads(process)) {
                    addThread(thread, nanos);
                }
            }
            String stat = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
            nanos.put(-pid, ticks(stat) * NANOS_PER_TICK);
        }
        return new CpuTime(nanos);
    }

    private static List<Path> threads(Path process) throws IOException {
        try (Stream<Path> threads = Files.list(process.resolve("task"))) {
            return threads.toList();
        }
    }

    private static void addThread(Path thread, Map<Long, Long> nanos) {
        try {
            String stat = Files.readString(thread.resolve("schedstat"), StandardCharsets.US_ASCII);
            nanos.put(
                    Long.parseLong(thread.getFileName().toString()),
                    Long.parseLong(stat.substring(0, stat.indexOf(' '))));
        } catch (IOException ended) {
            // Between the listing and the look.
        }
    }

    static long ticks(String stat) {
        // The name may hold spaces and parentheses; what follows its last one does not.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
        return Long.parseLong(fields[UTIME]) + Long.parseLong(fields[STIME]);
    }

    double secondsSince(CpuTime earlier) {
        long threads = 0;
        long processes = 0;
        for (Map.Entry<Long, Long> one : nanos.entrySet()) {
            long more = one.getValue() - earlier.nanos.getOrDefault(one.getKey(), 0L);
            if (one.getKey() < 0) {
                processes += more;
            } else {
                threads += more;
            }
        }
        return (processes - threads > ROUNDING_NANOS ? processes : threads) / 1e9;
    }
}
