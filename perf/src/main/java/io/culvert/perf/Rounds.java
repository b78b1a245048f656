package io.culvert.perf;

import io.culvert.perf.axis.Axis;
import io.culvert.perf.axis.Figures;
import io.culvert.perf.axis.Lengths;
import io.culvert.perf.axis.Warming;
import io.culvert.perf.figure.Results;
import io.culvert.perf.subject.Subject;
import io.culvert.testkit.mesh.MeshFailure;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.process.Stopwatch;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Measures every subject on every axis, round after round. Within an axis the subjects follow each other closely, in
 * another order each round: what drifts on the machine hits all of them. Axes that start the proxies anew
 * come first, all rounds of them; then the proxies are warmed once, for all other axes.
 */
final class Rounds {
    private final List<Subject> subjects;
    private final List<Axis> axes;
    private final Lengths lengths;
    private final Warming warming;
    private final int count;
    private final Results results;
    private final PrintStream progress;
    /** Those that did not come up again after a failure. */
    private final Set<Subject> lost = new HashSet<>();

    private final Stopwatch watch = Stopwatch.start();

    Rounds(
            List<Subject> subjects,
            List<Axis> axes,
            Lengths lengths,
            Warming warming,
            int count,
            Results results,
            PrintStream progress) {
        this.subjects = subjects;
        this.axes = axes;
        this.lengths = lengths;
        this.warming = warming;
        this.count = count;
        this.results = results;
        this.progress = progress;
    }

    /**
     * Bounds move little, and say nothing of a proxy: the first round and the last are enough for them.
     */
    private boolean inRound(Subject subject, int round) {
        return subject.kind() == Subject.Kind.PROXY || round == 1 || round == count;
    }

    /** About how long all of it takes. */
    Duration estimate() {
        Duration sum = Duration.ZERO;
        if (!axes.stream().allMatch(Axis::startsAnew)) {
            for (Subject subject : subjects) {
                sum = sum.plus(warming.estimate(subject.kind()));
            }
        }
        for (int round = 1; round <= count; round++) {
            for (Axis axis : axes) {
                for (Subject subject : subjects) {
                    if (axis.suits(subject.kind()) && inRound(subject, round)) {
                        sum = sum.plus(axis.estimate(lengths));
                    }
                }
            }
        }
        return sum;
    }

    /** @param afterRound is called after each round, to save what there is */
    void run(AfterRound afterRound) throws IOException {
        List<Axis> anew = axes.stream().filter(Axis::startsAnew).toList();
        List<Axis> warm = axes.stream().filter(axis -> !axis.startsAnew()).toList();
        if (!anew.isEmpty()) {
            run(anew, afterRound);
        }
        if (!warm.isEmpty()) {
            subjects.stream().filter(subject -> !lost.contains(subject)).forEach(this::warm);
            run(warm, afterRound);
        }
    }

    private void run(List<Axis> chosen, AfterRound afterRound) throws IOException {
        Duration whole = estimate();
        for (int round = 1; round <= count; round++) {
            List<Subject> order = new ArrayList<>(subjects);
            Collections.rotate(order, 1 - round);
            for (Axis axis : chosen) {
                for (Subject subject : order) {
                    if (axis.suits(subject.kind()) && inRound(subject, round) && !lost.contains(subject)) {
                        String head = String.format(
                                Locale.ROOT,
                                "[%s of ~%s] round %d/%d %-11s %-8s",
                                clock(watch.elapsed()),
                                clock(whole),
                                round,
                                count,
                                axis.name(),
                                subject.name());
                        measure(axis, subject, head);
                    }
                }
            }
            afterRound.run();
        }
    }

    /** What fails is told and noted, and the next follows: a run of half an hour is not lost for one stretch of it. */
    private void measure(Axis axis, Subject subject, String head) {
        Figures figures = new Figures(results, subject.name());
        try {
            axis.measure(subject, lengths, figures);
            progress.println(head + " " + figures.highlights());
        } catch (IOException | MeshFailure | Await.NotInTimeException failure) {
            progress.println(head + " FAILED: " + failure.getMessage());
            results.addFailure(axis.name() + ", " + subject.name() + ": " + failure.getMessage());
            renew(subject);
        }
    }

    private void warm(Subject subject) {
        if (warming.estimate(subject.kind()).isPositive()) {
            progress.println("warming " + subject.name());
        }
        try {
            warming.warm(subject);
        } catch (IOException | MeshFailure | Await.NotInTimeException failure) {
            progress.println("warming " + subject.name() + " FAILED: " + failure.getMessage());
            results.addFailure("warming " + subject.name() + ": " + failure.getMessage());
            renew(subject);
        }
    }

    private void renew(Subject subject) {
        try {
            String ended = subject.renew();
            if (!ended.isEmpty()) {
                progress.println(subject.name() + ended + "; both are started anew");
                results.addFailure(subject.name() + ended);
            }
        } catch (IOException | MeshFailure | Await.NotInTimeException failure) {
            lost.add(subject);
            progress.println(
                    subject.name() + " does not come up again and is left out from now on: " + failure.getMessage());
            results.addFailure(subject.name() + " did not come up again: " + failure.getMessage());
        }
    }

    static String clock(Duration time) {
        return String.format(Locale.ROOT, "%d:%02d", time.toMinutes(), time.toSecondsPart());
    }

    /** Saves what there is. */
    @FunctionalInterface
    interface AfterRound {
        void run() throws IOException;
    }
}
