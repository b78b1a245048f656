package io.culvert.perf.report;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.figure.Quantity.Better;
import io.culvert.perf.figure.Samples;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The results as Markdown: one table of what was measured, one of what the measuring itself cost. */
final class Markdown {
    private final Run run;
    private final StringBuilder text = new StringBuilder();

    private Markdown(Run run) {
        this.run = run;
    }

    static String of(Run run) {
        Markdown markdown = new Markdown(run);
        markdown.write();
        return markdown.text.toString();
    }

    private void write() {
        text.append("Median (lowest-highest) of the rounds; ratios are of medians. ↑: more is better, ↓: less is.\n\n");
        run.facts().forEach(fact -> text.append("- ").append(fact).append('\n'));
        run.results().notes().forEach(note -> text.append("- ").append(note).append('\n'));
        text.append('\n');
        table(quantity -> quantity.better() != Better.NONE);
        if (run.results().quantities().stream().anyMatch(quantity -> quantity.better() == Better.NONE)) {
            text.append("\nWhat the load generators themselves took (client and server together), beside each subject:"
                    + " in the direct run there is nothing else.\n\n");
            table(quantity -> quantity.better() == Better.NONE);
        }
        if (!run.results().failures().isEmpty()) {
            text.append("\nNot measured:\n\n");
            run.results()
                    .failures()
                    .forEach(failure -> text.append("- ").append(failure).append('\n'));
        }
    }

    private void table(Predicate<Quantity> wanted) {
        List<String> header = new ArrayList<>(List.of(""));
        header.addAll(run.subjects());
        run.others().forEach(other -> header.add(run.own() + " / " + other));
        row(header);
        row(header.stream().map(column -> column.isEmpty() ? "---" : "--:").toList());
        String axis = "";
        for (Quantity quantity : run.results().quantities()) {
            if (wanted.test(quantity)) {
                if (!quantity.axis().equals(axis)) {
                    axis = quantity.axis();
                    heading(axis, header.size());
                }
                row(cells(quantity));
            }
        }
    }

    private void heading(String axis, int columns) {
        List<String> cells = new ArrayList<>();
        cells.add("**" + axis + "**: " + run.meanings().getOrDefault(axis, ""));
        for (int i = 1; i < columns; i++) {
            cells.add("");
        }
        row(cells);
    }

    private List<String> cells(Quantity quantity) {
        List<String> cells = new ArrayList<>();
        cells.add(quantity.name() + ", " + quantity.unit() + arrow(quantity.better()));
        for (String subject : run.subjects()) {
            cells.add(run.results().of(quantity, subject).text(quantity.decimals()));
        }
        Samples own = run.results().of(quantity, run.own());
        for (String other : run.others()) {
            cells.add(own.ratioTo(run.results().of(quantity, other)));
        }
        return cells;
    }

    private static String arrow(Better better) {
        return switch (better) {
            case HIGHER -> " ↑";
            case LOWER -> " ↓";
            case NONE -> "";
        };
    }

    private void row(List<String> cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
}
