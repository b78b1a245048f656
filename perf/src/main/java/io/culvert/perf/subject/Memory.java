package io.culvert.perf.subject;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process's memory in RAM (/proc/PID/smaps_rollup, proc_pid_smaps(5)).
 *
 * @param residentBytes all of it
 * @param proportionalBytes pages shared with other processes counted by their share
 */
public record Memory(long residentBytes, long proportionalBytes) {

    static Memory of(long pid) throws IOException {
        return parse(
                Files.readString(Path.of("/proc", Long.toString(pid), "smaps_rollup"), StandardCharsets.ISO_8859_1));
    }

    static Memory parse(String rollup) {
        return new Memory(bytes(rollup, "Rss:"), bytes(rollup, "Pss:"));
    }

    private static long bytes(String rollup, String field) {
        return rollup.lines()
                .filter(line -> line.startsWith(field))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no " + field + " in smaps_rollup"));
    }

    public double residentMegabytes() {
        return residentBytes / 1e6;
    }

    public double proportionalMegabytes() {
        return proportionalBytes / 1e6;
    }
}
