package io.culvert.perf.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes a run's report: {@code report.md}, {@code values.csv}, and {@code beside-NAME.svg} for each other subject. */
public final class ReportFiles {
    private ReportFiles() {}

    /** Replaces what an earlier report of the same run left there. */
    public static List<Path> write(Path directory, Run run) throws IOException {
        Files.createDirectories(directory);
        List<Path> files = new ArrayList<>();
        files.add(write(directory.resolve("report.md"), Markdown.of(run)));
        files.add(write(directory.resolve("values.csv"), Csv.of(run)));
        for (String other : run.others()) {
            String name = "beside-" + other.replaceAll("[^A-Za-z0-9._-]", "_") + ".svg";
            files.add(write(directory.resolve(name), Svg.of(run, other)));
        }
        return files;
    }

    public static String markdown(Run run) {
        return Markdown.of(run);
    }

    private static Path write(Path file, String text) throws IOException {
        return Files.writeString(file, text, StandardCharsets.UTF_8);
    }
}
