package io.culvert.agent.netns;

import io.culvert.linux.NetnsId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** One process in a procfs, read file by file; it may end at any moment, and then every read fails. */
record ProcEntry(Path directory) {
    /** Index of field 22 of stat(5), starttime, among the fields that follow the command name's parenthesis. */
    private static final int START_TIME = 19;

    Path netns() {
        return directory.resolve("ns/net");
    }

    NetnsId netnsId() throws IOException {
        return idOf(netns());
    }

    /** Which namespace a file stands for; the link is followed. */
    static NetnsId idOf(Path file) throws IOException {
        return new NetnsId(number(file, "unix:dev"), number(file, "unix:ino"));
    }

    private static long number(Path file, String attribute) throws IOException {
        if (Files.getAttribute(file, attribute) instanceof Long number) {
            return number;
        }
        throw new IOException("the file system of " + file + " does not tell " + attribute);
    }

    /** In clock ticks since boot. */
    long startTime() throws IOException {
        String stat = new String(Files.readAllBytes(directory.resolve("stat")), StandardCharsets.ISO_8859_1);
        // The command's name may hold blanks and parentheses: what follows the last one is ours to split.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split("\\s+", -1);
        if (fields.length <= START_TIME) {
            throw new IOException(directory + "/stat has " + fields.length + " fields after the command's name");
        }
        try {
            return Long.parseLong(fields[START_TIME]);
        } catch (NumberFormatException e) {
            throw new IOException(directory + "/stat: the start time is not a number", e);
        }
    }

    List<String> cgroupLines() throws IOException {
        return new String(Files.readAllBytes(directory.resolve("cgroup")), StandardCharsets.ISO_8859_1)
                .lines()
                .toList();
    }
}
