package io.culvert.perf;

import java.util.ArrayList;
import java.util.List;

/** The result as a Markdown table: a row for each quantity, a column for each subject, and ours over the others'. */
final class Report {

    private final List<Subject> subjects;
    private final PerfOptions options;

    Report(List<Subject> subjects, PerfOptions options) {
        this.subjects = subjects;
        this.options = options;
    }

    String markdown(String machine) {
        StringBuilder text = new StringBuilder();
        text.append("Medians of ").append(options.rounds()).append(" rounds (lowest-highest), ");
        text.append(options.length().toSeconds())
                .append(" s each after 2 s of warm-up. ")
                .append(machine);
        text.append("\n\n");
        List<String> header = new ArrayList<>(List.of(""));
        subjects.forEach(subject -> header.add(subject.name()));
        subjects.stream()
                .skip(1)
                .filter(other -> other != ours())
                .forEach(other -> header.add("culvert / " + other.name()));
        header.add("culvert / " + subjects.getFirst().name());
        row(text, header);
        row(text, header.stream().map(column -> "---").toList());
        for (int connections : options.connections()) {
            row(
                    text,
                    "Gb/s, " + connections + (connections == 1 ? " connection" : " connections"),
                    subject -> subject.loadAt(connections).gigabits(),
                    2);
            row(
                    text,
                    "CPU s/GB, both proxies, " + connections,
                    subject -> subject.hasProxy() ? subject.loadAt(connections).cpuSecondsPerGigabyte() : new Samples(),
                    2);
        }
        row(text, "RSS MB idle, each proxy", Subject::idleMegabytes, 0);
        row(text, "RSS MB after the load", Subject::usedMegabytes, 0);
        row(text, "start to ready, ms", Subject::readyMillis, 0);
        return text.toString();
    }

    private void row(StringBuilder text, String what, Quantity quantity, int decimals) {
        List<String> cells = new ArrayList<>(List.of(what));
        subjects.forEach(subject -> cells.add(quantity.of(subject).text(decimals)));
        Samples own = quantity.of(ours());
        subjects.stream()
                .skip(1)
                .filter(other -> other != ours())
                .forEach(other -> cells.add(own.ratioTo(quantity.of(other))));
        cells.add(own.ratioTo(quantity.of(subjects.getFirst())));
        row(text, cells);
    }

    private static void row(StringBuilder text, List<String> cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    /** Direct comes first, ours second, the peer last. */
    private Subject ours() {
        return subjects.get(1);
    }

    @FunctionalInterface
    private interface Quantity {
        Samples of(Subject subject);
    }
}
