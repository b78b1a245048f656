package io.culvert.perf.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What the figures were measured on. */
public final class Machine {
    private Machine() {}

    /** One sentence: processor, cores, memory, kernel, congestion control. */
    public static String facts() {
        String processor = field("/proc/cpuinfo", "model name").orElse("unknown processor");
        String memory = field("/proc/meminfo", "MemTotal")
                .map(kilobytes -> Long.parseLong(kilobytes.replaceAll("[^0-9]", "")) / (1 << 20) + " GiB")
                .orElse("unknown memory");
        return processor + ", " + Runtime.getRuntime().availableProcessors() + " CPUs, " + memory + "; Linux "
                + System.getProperty("os.version") + " " + System.getProperty("os.arch") + "; TCP congestion control "
                + first("/proc/sys/net/ipv4/tcp_congestion_control") + ".";
    }

    private static Optional<String> field(String file, String name) {
        try {
            return Files.readString(Path.of(file), StandardCharsets.ISO_8859_1)
                    .lines()
                    .filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    private static String first(String file) {
        try {
            return Files.readString(Path.of(file), StandardCharsets.US_ASCII).strip();
        } catch (IOException unreadable) {
            return "unknown";
        }
    }
}
