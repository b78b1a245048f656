package io.culvert.perf.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Writes a run's report: {@code report.md}, {@code values.csv}, {@code facts.txt} and {@code failures.txt}, of which
 * {@link SavedReports} makes a report again, and {@code beside-NAME.svg} for each other subject.
 */
public final class ReportFiles {
    static final String VALUES = "values.csv";
    static final String FACTS = "facts.txt";
    static final String FAILURES = "failures.txt";

    private ReportFiles() {}

    /** Replaces what an earlier report of the same run left there. */
    public static List<Path> write(Path directory, Run run) throws IOException {
        Files.createDirectories(directory);
        List<Path> files = new ArrayList<>();
        files.add(write(directory.resolve("report.md"), Markdown.of(run)));
        files.add(write(directory.resolve(VALUES), Csv.of(run)));
        List<String> facts = new ArrayList<>(run.facts());
        facts.addAll(run.results().notes());
        files.add(write(directory.resolve(FACTS), lines(facts)));
        files.add(write(directory.resolve(FAILURES), lines(run.results().failures())));
        for (String other : run.others()) {
            String name = "beside-" + other.replaceAll("[^A-Za-z0-9._-]", "_") + ".svg";
            files.add(write(directory.resolve(name), Svg.of(run, other)));
        }
        return files;
    }

    public static String markdown(Run run) {
        return Markdown.of(run);
    }

    /** What is told in several lines is told in one here. */
    private static String lines(List<String> texts) {
        return texts.stream()
                .map(text -> text.replaceAll("\\s*\\n\\s*", " ") + "\n")
                .collect(Collectors.joining());
    }

    private static Path write(Path file, String text) throws IOException {
        return Files.writeString(file, text, StandardCharsets.UTF_8);
    }
}
