package io.culvert.perf;

import io.culvert.perf.axis.Axis;
import io.culvert.perf.axis.Lengths;
import io.culvert.perf.axis.Warming;
import io.culvert.perf.figure.Results;
import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.report.Machine;
import io.culvert.perf.report.ReportFiles;
import io.culvert.perf.report.Run;
import io.culvert.perf.report.SavedReports;
import io.culvert.perf.subject.Subject;
import io.culvert.testkit.mesh.MeshFailure;
import io.culvert.testkit.network.Privileges;
import io.culvert.testkit.process.Await;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code ./culvert perf}: the same loads on several node proxies, beside a direct transfer and a plain relay. */
public final class PerfMain {

    /** How our proxy is started, one argument a line; the launcher sets it. */
    private static final String PROXY_COMMAND = "culvert.proxy.command";

    private static final Duration WARM_UP = Duration.ofMillis(500);

    private final PerfOptions options;
    private final PrintStream progress;
    private final List<Subject> subjects = new ArrayList<>();
    private final List<String> facts = new ArrayList<>();
    private final Results results = new Results();

    private PerfMain(PerfOptions options, PrintStream progress) {
        this.options = options;
        this.progress = progress;
    }

    public static void main(String[] arguments) {
        List<String> words = List.of(arguments);
        if (words.contains("--help") || words.contains("-h")) {
            System.out.print(Usage.text());
            return;
        }
        System.exit(start(words));
    }

    /** The exit status: 0 only if all was measured. */
    private static int start(List<String> words) {
        PerfOptions options;
        try {
            options = PerfOptions.parse(words);
        } catch (IllegalArgumentException misunderstood) {
            System.err.println(misunderstood.getMessage() + "; ./culvert perf --help lists what there is");
            return 2;
        }
        if (!options.merged().isEmpty()) {
            return merge(options);
        }
        Optional<String> obstacle = Privileges.obstacleToNamespaces();
        if (obstacle.isPresent()) {
            System.err.println(obstacle.get());
            return 1;
        }
        try {
            return new PerfMain(options, System.err).run();
        } catch (IOException | MeshFailure | Await.NotInTimeException failure) {
            System.err.println("perf: " + failure.getMessage());
            return 1;
        }
    }

    /** One report of several that were saved: of parts of a run, or of more rounds. */
    private static int merge(PerfOptions options) {
        try {
            SavedReports saved = SavedReports.read(options.merged());
            List<String> names = new ArrayList<>(List.of(PerfOptions.DIRECT, PerfOptions.RELAY));
            names.retainAll(saved.subjects());
            saved.subjects().stream().filter(name -> !names.contains(name)).forEach(names::add);
            Run run = report(names, saved.facts(), saved.results(), options);
            System.out.print(ReportFiles.markdown(run));
            ReportFiles.write(options.out(), run).forEach(file -> System.err.println("written: " + file));
            return 0;
        } catch (IOException failure) {
            System.err.println("perf: " + failure.getMessage());
            return 1;
        }
    }

    private int run() throws IOException {
        Lengths lengths = new Lengths(options.unit(), WARM_UP);
        List<Axis> axes = options.chosenAxes();
        try {
            facts.add(Machine.facts());
            startSubjects();
            facts.add("Every connection to a mesh pod is judged by policy (" + Subject.POLICY
                    + "); access log and metrics are on.");
            warmUp();
            Rounds rounds = new Rounds(
                    subjects, axes, lengths, new Warming(options.warm()), options.rounds(), results, progress);
            progress.println("measuring for about " + Rounds.clock(rounds.estimate()) + " minutes");
            rounds.run(this::save);
            System.out.print(ReportFiles.markdown(report()));
            save().forEach(file -> progress.println("written: " + file));
            return results.failures().isEmpty() ? 0 : 1;
        } finally {
            subjects.forEach(Subject::close);
        }
    }

    private void startSubjects() throws IOException {
        List<String> own = options.own().isEmpty()
                ? System.getProperty(PROXY_COMMAND, "").lines().toList()
                : options.own();
        if (options.wants(PerfOptions.DIRECT)) {
            start(PerfOptions.DIRECT, Subject::direct);
        }
        if (options.wants(PerfOptions.RELAY)) {
            start(PerfOptions.RELAY, Subject::relay);
        }
        if (options.wants(PerfOptions.CULVERT)) {
            if (own.isEmpty()) {
                throw new IOException("nobody says how our proxy is started: use ./culvert perf, or --ours COMMAND");
            }
            start(PerfOptions.CULVERT, () -> Subject.proxy(PerfOptions.CULVERT, own, options.ready()));
        }
        for (Map.Entry<String, List<String>> proxy : options.proxies().entrySet()) {
            if (options.wants(proxy.getKey())) {
                start(proxy.getKey(), () -> Subject.proxy(proxy.getKey(), proxy.getValue(), options.ready()));
            }
            if (options.mixed()) {
                startPair(PerfOptions.CULVERT, own, proxy.getKey(), proxy.getValue());
                startPair(proxy.getKey(), proxy.getValue(), PerfOptions.CULVERT, own);
            }
        }
    }

    private void startPair(String ofClient, List<String> client, String ofServer, List<String> server)
            throws IOException {
        String name = PerfOptions.mixed(ofClient, ofServer);
        if (options.wants(name)) {
            start(name, () -> Subject.pair(name, client, server, options.ready()));
        }
    }

    private void start(String name, Starter starter) throws IOException {
        progress.println("starting two nodes for " + name);
        subjects.add(starter.start());
    }

    @FunctionalInterface
    private interface Starter {
        Subject start() throws IOException;
    }

    /** Generators run in, and what TLS was agreed on is looked at, once. */
    private void warmUp() throws IOException {
        for (Subject subject : subjects) {
            Line command = Line.of("requests")
                    .with("warmup", 0)
                    .with("length", 1_000)
                    .with("connections", 4)
                    .with("request", 1_024)
                    .with("response", 1_024)
                    .with("to", subject.route().at(Service.REQUESTS));
            List<String> agreed = subject.watchHandshakes(command);
            if (subject.kind() == Subject.Kind.PROXY) {
                facts.add(subject.name() + " negotiated, by the ServerHello on the wire: " + String.join("; ", agreed)
                        + ".");
            }
        }
    }

    private List<Path> save() throws IOException {
        return ReportFiles.write(options.out(), report());
    }

    private Run report() {
        return report(subjects.stream().map(Subject::name).toList(), facts, results, options);
    }

    private static Run report(List<String> names, List<String> facts, Results results, PerfOptions options) {
        Map<String, String> meanings = new LinkedHashMap<>();
        options.chosenAxes().forEach(axis -> meanings.put(axis.name(), axis.meaning()));
        List<String> bounds = names.stream()
                .filter(name -> name.equals(PerfOptions.DIRECT) || name.equals(PerfOptions.RELAY))
                .toList();
        String own = names.isEmpty() || names.contains(PerfOptions.CULVERT) ? PerfOptions.CULVERT : names.getLast();
        return new Run(names, own, bounds, meanings, facts, results);
    }
}
