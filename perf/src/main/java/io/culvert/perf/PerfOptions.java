package io.culvert.perf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the command line asks for.
 *
 * @param peer another ztunnel-compatible binary to measure beside ours
 * @param rounds how often each subject is measured; the table shows medians
 * @param length of one transfer, after its warm-up
 * @param connections how many connections at once, a column each
 */
record PerfOptions(Optional<Path> peer, int rounds, Duration length, List<Integer> connections) {

    static final String USAGE = """
            usage: ./culvert perf [--peer PATH] [--rounds N] [--seconds N] [--connections N[,N...]]

              --peer PATH         also measure this ztunnel-compatible binary, in alternating rounds
              --rounds N          rounds, 1 to 100 (default 3); the table shows medians
              --seconds N         length of each transfer, 1 to 600 (default 5)
              --connections N,N   connections at once, 1 to 256 each (default 1,16)
            """;

    private static final int ROUNDS_MAX = 100;
    private static final int SECONDS_MAX = 600;
    private static final int CONNECTIONS_MAX = 256;

    PerfOptions {
        connections = List.copyOf(connections);
    }

    /** @throws IllegalArgumentException naming what was not understood */
    static PerfOptions parse(List<String> arguments) {
        Optional<Path> peer = Optional.empty();
        int rounds = 3;
        Duration length = Duration.ofSeconds(5);
        List<Integer> connections = List.of(1, 16);
        for (int i = 0; i < arguments.size(); i += 2) {
            String name = arguments.get(i);
            if (i + 1 == arguments.size()) {
                throw new IllegalArgumentException(name + " needs a value");
            }
            String value = arguments.get(i + 1);
            switch (name) {
                case "--peer" -> peer = Optional.of(executable(value));
                case "--rounds" -> rounds = number(name, value, ROUNDS_MAX);
                case "--seconds" -> length = Duration.ofSeconds(number(name, value, SECONDS_MAX));
                case "--connections" -> connections = numbers(name, value);
                default -> throw new IllegalArgumentException("there is no option " + name);
            }
        }
        return new PerfOptions(peer, rounds, length, connections);
    }

    private static Path executable(String value) {
        Path path = Path.of(value).toAbsolutePath();
        if (!Files.isExecutable(path) || Files.isDirectory(path)) {
            throw new IllegalArgumentException("--peer " + value + " is not an executable file");
        }
        return path;
    }

    private static List<Integer> numbers(String name, String values) {
        List<Integer> numbers = new ArrayList<>();
        for (String value : values.split(",", -1)) {
            numbers.add(number(name, value, CONNECTIONS_MAX));
        }
        return numbers;
    }

    private static int number(String name, String value, int max) {
        try {
            int number = Integer.parseInt(value);
            if (number >= 1 && number <= max) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            // Said below, like a number out of range.
        }
        throw new IllegalArgumentException(name + " takes a number from 1 to " + max + ", not '" + value + "'");
    }
}
