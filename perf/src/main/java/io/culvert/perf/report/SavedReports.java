package io.culvert.perf.report;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.figure.Quantity.Better;
import io.culvert.perf.figure.Results;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Reads reports back, to make one of several: of a run in parts, or of more rounds. Values of the same quantity and
 * subject are samples of one. What could not be measured is taken over as well.
 */
public final class SavedReports {
    private final Results results = new Results();
    private final Set<String> subjects = new LinkedHashSet<>();
    private final Set<String> facts = new LinkedHashSet<>();

    private SavedReports() {}

    /**
     * Reads them, in this order.
     *
     * @throws IOException if a directory holds no report, or one of another version's form
     */
    public static SavedReports read(List<Path> directories) throws IOException {
        SavedReports reports = new SavedReports();
        for (Path directory : directories) {
            reports.facts.addAll(lines(directory.resolve(ReportFiles.FACTS)));
            lines(directory.resolve(ReportFiles.FAILURES)).forEach(reports.results::addFailure);
            List<String> values = lines(directory.resolve(ReportFiles.VALUES));
            if (values.isEmpty() || !values.getFirst().equals(Csv.HEAD)) {
                throw new IOException(directory.resolve(ReportFiles.VALUES) + " does not begin with " + Csv.HEAD);
            }
            for (String line : values.subList(1, values.size())) {
                reports.add(Csv.fields(line));
            }
        }
        return reports;
    }

    private static List<String> lines(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException("there is no " + file + "; a report is what ./culvert perf --out DIRECTORY leaves");
        }
        return Files.readAllLines(file, StandardCharsets.UTF_8);
    }

    private void add(List<String> fields) throws IOException {
        try {
            Quantity quantity = new Quantity(
                    fields.get(0),
                    fields.get(1),
                    fields.get(2),
                    Better.valueOf(fields.get(3).toUpperCase(Locale.ROOT)),
                    Integer.parseInt(fields.get(4)));
            subjects.add(fields.get(5));
            results.add(quantity, fields.get(5), Double.parseDouble(fields.get(7)));
        } catch (IllegalArgumentException | IndexOutOfBoundsException broken) {
            throw new IOException("not a line of " + ReportFiles.VALUES + ": " + fields, broken);
        }
    }

    public Results results() {
        return results;
    }

    /** Names, in the order of their first value. */
    public List<String> subjects() {
        return List.copyOf(subjects);
    }

    /** Each once; what axes noted among them. */
    public List<String> facts() {
        return new ArrayList<>(facts);
    }
}
