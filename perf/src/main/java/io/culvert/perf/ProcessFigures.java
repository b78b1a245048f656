package io.culvert.perf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the kernel says of a process (proc(5)).
 *
 * @param cpuSeconds user and system time of all its threads since it started
 * @param residentBytes memory in RAM
 */
record ProcessFigures(double cpuSeconds, long residentBytes) {

    /** Fields of /proc/PID/stat after the name in parentheses: 14 utime and 15 stime, of which the name is number 2. */
    private static final int UTIME = 11;

    private static final int STIME = 12;

    /** USER_HZ is 100 on every architecture that Linux still serves us on. */
    private static final double TICKS_PER_SECOND = 100;

    static ProcessFigures of(long pid) throws IOException {
        Path directory = Path.of("/proc", Long.toString(pid));
        return parse(
                Files.readString(directory.resolve("stat"), StandardCharsets.ISO_8859_1),
                Files.readString(directory.resolve("status"), StandardCharsets.ISO_8859_1));
    }

    static ProcessFigures parse(String stat, String status) {
        // The name may hold spaces and parentheses; what follows its last one does not.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
        double ticks = Double.parseDouble(fields[UTIME]) + Double.parseDouble(fields[STIME]);
        long kilobytes = status.lines()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElse(0);
        return new ProcessFigures(ticks / TICKS_PER_SECOND, kilobytes * 1024);
    }

    ProcessFigures plus(ProcessFigures other) {
        return new ProcessFigures(cpuSeconds + other.cpuSeconds, residentBytes + other.residentBytes);
    }
}
