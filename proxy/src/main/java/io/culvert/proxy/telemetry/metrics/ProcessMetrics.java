package io.culvert.proxy.telemetry.metrics;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The process as the kernel and the JVM see it. {@code process_*} are ztunnel's; {@code jvm_*} stand where ztunnel has
 * the figures of its own runtime ({@code tokio_*}), which have no meaning here. Everything is read when scraped,
 * nothing is kept.
 */
public final class ProcessMetrics implements MetricSource {

    private final Path proc;

    public ProcessMetrics() {
        this(Path.of("/proc/self"));
    }

    ProcessMetrics(Path proc) {
        this.proc = proc;
    }

    @Override
    public void write(Exposition out) {
        // ztunnel's own process collector: no full stop at the end of these two.
        out.family("process_open_fds", "gauge", "Number of open file descriptors");
        out.sample("process_open_fds", "", openFds());
        out.family("process_max_fds", "gauge", "Maximum number of file descriptors");
        out.sample("process_max_fds", "", maxFds());
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        out.family("jvm_heap_used_bytes", "gauge", "Bytes of the Java heap in use (unstable).", "bytes");
        out.sample("jvm_heap_used_bytes", "", heap.getUsed());
        out.family("jvm_heap_max_bytes", "gauge", "Bound of the Java heap (unstable).", "bytes");
        out.sample("jvm_heap_max_bytes", "", heap.getMax());
        out.family("jvm_threads", "gauge", "Live Java threads (unstable).");
        out.sample("jvm_threads", "", ManagementFactory.getThreadMXBean().getThreadCount());
    }

    private long openFds() {
        // The directory stream's own descriptor is one of those listed.
        long count = -1;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(proc.resolve("fd"))) {
            for (Path ignored : entries) {
                count++;
            }
        } catch (IOException unreadable) {
            return 0;
        }
        return Math.max(0, count);
    }

    private long maxFds() {
        try {
            for (String line : Files.readAllLines(proc.resolve("limits"))) {
                if (line.startsWith("Max open files")) {
                    String columns = line.substring("Max open files".length()).strip();
                    String soft = columns.substring(0, columns.indexOf(' '));
                    return soft.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(soft);
                }
            }
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException unreadable) {
            return 0;
        }
        return 0;
    }
}
