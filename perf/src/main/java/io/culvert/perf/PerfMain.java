package io.culvert.perf;

import io.culvert.testkit.network.Privileges;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** {@code ./culvert perf}: throughput from pod to pod through our proxy, without any, and through another. */
public final class PerfMain {

    /** How our proxy is started, one argument a line; the launcher sets it. */
    private static final String PROXY_COMMAND = "culvert.proxy.command";

    private final PerfOptions options;
    private final PrintStream progress;

    private PerfMain(PerfOptions options, PrintStream progress) {
        this.options = options;
        this.progress = progress;
    }

    public static void main(String[] arguments) throws Exception {
        PerfOptions options;
        try {
            options = PerfOptions.parse(List.of(arguments));
        } catch (IllegalArgumentException misunderstood) {
            System.err.println(misunderstood.getMessage());
            System.err.print(PerfOptions.USAGE);
            System.exit(2);
            return;
        }
        Optional<String> obstacle = Privileges.obstacleToNamespaces();
        String command = System.getProperty(PROXY_COMMAND, "");
        if (obstacle.isPresent() || command.isEmpty()) {
            System.err.println(obstacle.orElse("run it by ./culvert perf, which says how the proxy is started"));
            System.exit(1);
        }
        System.out.print(new PerfMain(options, System.err).run(command.lines().toList()));
    }

    private String run(List<String> ours) throws IOException, InterruptedException {
        List<Subject> subjects = new ArrayList<>();
        try {
            subjects.add(start("direct", List.of()));
            subjects.add(start("culvert", ours));
            if (options.peer().isPresent()) {
                Path peer = options.peer().get();
                subjects.add(start(String.valueOf(peer.getFileName()), List.of(peer.toString(), "proxy")));
            }
            for (int round = 1; round <= options.rounds(); round++) {
                round(round, subjects);
            }
            return new Report(subjects, options).markdown(machine());
        } finally {
            for (Subject subject : subjects) {
                subject.close();
            }
        }
    }

    private Subject start(String name, List<String> command) throws IOException {
        progress.println("starting two nodes for " + name);
        return Subject.start(name, command);
    }

    private void round(int round, List<Subject> subjects) throws IOException, InterruptedException {
        for (int connections : options.connections()) {
            for (Subject subject : subjects) {
                Transfer.Result result = subject.measure(connections, options.length());
                progress.printf(
                        Locale.ROOT,
                        "round %d of %d: %-8s %3d connections %6.2f Gb/s%n",
                        round,
                        options.rounds(),
                        subject.name(),
                        connections,
                        result.gigabits());
            }
        }
        for (Subject subject : subjects) {
            subject.measureStart();
        }
    }

    private static String machine() throws IOException {
        return Runtime.getRuntime().availableProcessors() + " CPUs, Linux " + System.getProperty("os.version") + ", "
                + first("/proc/sys/net/ipv4/tcp_congestion_control") + ".";
    }

    private static String first(String file) throws IOException {
        return Files.readString(Path.of(file), StandardCharsets.US_ASCII).strip();
    }
}
