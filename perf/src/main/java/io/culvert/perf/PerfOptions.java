package io.culvert.perf;

import io.culvert.perf.axis.Axes;
import io.culvert.perf.axis.Axis;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the command line asks for.
 *
 * @param subjects names of what is measured, in this order, of those that are known; empty: all
 * @param proxies other proxies by name, with the commands that start them
 * @param mixed whether ours also stands on one node with each of them on the other, both ways round
 * @param own how ours is started; empty: as the launcher says
 * @param axes names of the axes; empty: all
 * @param rounds how often each subject is measured; the table shows medians
 * @param unit length of a measured stretch; axes take one or some of them
 * @param connections how many connections at once, for the bulk axes
 * @param idleConnections how many rest in axis idle
 * @param warm of new connections, and a part of that of other load, before anything but starts is measured; may be zero
 * @param ready how long a proxy may take from its start to ready
 * @param merged directories of reports to make one of, instead of measuring; empty: measure
 * @param out where the report goes
 */
record PerfOptions(
        List<String> subjects,
        Map<String, List<String>> proxies,
        boolean mixed,
        List<String> own,
        List<String> axes,
        int rounds,
        Duration unit,
        List<Integer> connections,
        int idleConnections,
        Duration warm,
        Duration ready,
        List<Path> merged,
        Path out) {

    static final String DIRECT = "direct";
    static final String RELAY = "relay";
    static final String CULVERT = "culvert";

    private static final int ROUNDS_MAX = 100;
    /** Below, the warm-up would be longer than what it is for. */
    private static final double SECONDS_MIN = 0.5;

    private static final int SECONDS_MAX = 600;
    private static final int CONNECTIONS_MAX = 256;
    /** A process may have 20,000 open files on the machines we know, and each proxy has one a connection. */
    private static final int IDLE_MAX = 15_000;

    PerfOptions {
        subjects = List.copyOf(subjects);
        proxies = new LinkedHashMap<>(proxies);
        own = List.copyOf(own);
        axes = List.copyOf(axes);
        connections = List.copyOf(connections);
        merged = List.copyOf(merged);
    }

    /** @throws IllegalArgumentException naming what was not understood */
    static PerfOptions parse(List<String> arguments) {
        Draft draft = new Draft();
        for (int i = 0; i < arguments.size(); i++) {
            String name = arguments.get(i);
            if (name.equals("--quick")) {
                draft.quick();
                continue;
            }
            if (name.equals("--mixed")) {
                draft.mixed = true;
                continue;
            }
            if (!Draft.NAMES.contains(name)) {
                throw new IllegalArgumentException("there is no option " + name);
            }
            if (++i == arguments.size()) {
                throw new IllegalArgumentException(name + " needs a value");
            }
            draft.take(name, arguments.get(i));
        }
        return draft.done();
    }

    /** The chosen axes, in the order in which they run. */
    List<Axis> chosenAxes() {
        return Axes.all(connections, idleConnections).stream()
                .filter(axis -> axes.isEmpty() || axes.contains(axis.name()))
                .toList();
    }

    /** The name of a subject with one proxy on the client's node and another on the server's. */
    static String mixed(String ofClient, String ofServer) {
        return ofClient + "-to-" + ofServer;
    }

    boolean wants(String subject) {
        return subjects.isEmpty() || subjects.contains(subject);
    }

    /** Collects the options; defaults are the full run's. */
    private static final class Draft {
        private static final List<String> NAMES = List.of(
                "--peer",
                "--proxy",
                "--ours",
                "--subjects",
                "--axis",
                "--rounds",
                "--seconds",
                "--connections",
                "--idle-connections",
                "--warm-seconds",
                "--ready-seconds",
                "--merge",
                "--out");

        private List<String> subjects = List.of();
        private final Map<String, List<String>> proxies = new LinkedHashMap<>();
        private boolean mixed;
        private List<String> own = List.of();
        private List<String> axes = List.of();
        private int rounds = 5;
        private Duration unit = Duration.ofSeconds(2);
        private List<Integer> connections = List.of(1, 4, 16, 64);
        private int idleConnections = 10_000;
        private Duration warm = Duration.ofSeconds(10);
        private Duration ready = Duration.ofSeconds(30);
        private List<Path> merged = List.of();
        private Path out = Path.of("target", "perf");

        /** A few minutes; later options still win. */
        void quick() {
            rounds = 1;
            unit = Duration.ofSeconds(1);
            connections = List.of(1, 16);
            idleConnections = 1_000;
            warm = Duration.ZERO;
        }

        void take(String name, String value) {
            switch (name) {
                case "--peer" -> {
                    Path peer = executable(value);
                    proxies.put(String.valueOf(peer.getFileName()), List.of(peer.toString(), "proxy"));
                }
                case "--proxy" -> proxy(value);
                case "--ours" -> own = command(name, value);
                case "--subjects" -> subjects = words(value);
                case "--axis" -> axes = axes(value);
                case "--rounds" -> rounds = number(name, value, ROUNDS_MAX);
                case "--seconds" -> unit = seconds(name, value);
                case "--connections" -> connections = numbers(name, value);
                case "--idle-connections" -> idleConnections = number(name, value, IDLE_MAX);
                case "--warm-seconds" -> warm = value.equals("0") ? Duration.ZERO : seconds(name, value);
                case "--ready-seconds" -> ready = seconds(name, value);
                case "--merge" -> merged = words(value).stream().map(Path::of).toList();
                case "--out" -> out = Path.of(value);
                default -> throw new IllegalArgumentException("there is no option " + name);
            }
        }

        private void proxy(String value) {
            int equals = value.indexOf('=');
            if (equals <= 0) {
                throw new IllegalArgumentException("--proxy takes NAME=COMMAND, not '" + value + "'");
            }
            proxies.put(value.substring(0, equals), command("--proxy", value.substring(equals + 1)));
        }

        PerfOptions done() {
            if (mixed && proxies.isEmpty()) {
                throw new IllegalArgumentException("--mixed needs a proxy to mix with: --peer or --proxy");
            }
            List<String> known = new ArrayList<>(List.of(DIRECT, RELAY, CULVERT));
            for (String proxy : proxies.keySet()) {
                known.add(proxy);
                if (mixed) {
                    known.addAll(List.of(mixed(CULVERT, proxy), mixed(proxy, CULVERT)));
                }
            }
            for (String subject : subjects) {
                if (!known.contains(subject)) {
                    throw new IllegalArgumentException(
                            "--subjects names '" + subject + "', which is none of " + String.join(", ", known));
                }
            }
            return new PerfOptions(
                    subjects,
                    proxies,
                    mixed,
                    own,
                    axes,
                    rounds,
                    unit,
                    connections,
                    idleConnections,
                    warm,
                    ready,
                    merged,
                    out);
        }

        private static List<String> axes(String value) {
            List<String> known =
                    Axes.all(List.of(1), 1).stream().map(Axis::name).toList();
            for (String name : words(value)) {
                if (!known.contains(name)) {
                    throw new IllegalArgumentException(
                            "--axis " + name + ": there is none of that name; there are " + String.join(", ", known));
                }
            }
            return words(value);
        }

        private static List<String> command(String name, String value) {
            List<String> words = List.of(value.strip().split("\\s+", -1));
            if (words.getFirst().isEmpty()) {
                throw new IllegalArgumentException(name + " needs a command");
            }
            return words;
        }

        private static List<String> words(String value) {
            return List.of(value.split(",", -1));
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

        private static Duration seconds(String name, String value) {
            try {
                double seconds = Double.parseDouble(value);
                if (seconds >= SECONDS_MIN && seconds <= SECONDS_MAX) {
                    return Duration.ofMillis(Math.round(seconds * 1_000));
                }
            } catch (NumberFormatException notANumber) {
                // Said below, like a number out of range.
            }
            throw new IllegalArgumentException(
                    name + " takes seconds from " + SECONDS_MIN + " to " + SECONDS_MAX + ", not '" + value + "'");
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
}
