package io.culvert.perf.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.figure.Results;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReportFilesTest {
    private static final Quantity SPEED = Quantity.higher("upload", "1 connection", "Gb/s", 2);
    private static final Quantity COST = Quantity.lower("upload", "1 connection, CPU", "s/GB", 1);
    private static final Quantity OWN_COST = Quantity.neutral("upload", "generators", "s/GB", 1);

    @TempDir
    Path directory;

    private final Results results = new Results();

    private Run run() {
        return new Run(
                List.of("direct", "culvert", "a<b"),
                "culvert",
                List.of("direct"),
                Map.of("upload", "bulk"),
                List.of("a machine"),
                results);
    }

    private void measure() {
        results.declare(COST);
        results.add(SPEED, "direct", 10);
        results.add(SPEED, "culvert", 3);
        results.add(SPEED, "culvert", 5);
        results.add(SPEED, "a<b", 2);
        results.add(COST, "culvert", 1);
        results.add(COST, "a<b", 2);
        results.add(OWN_COST, "direct", 0.5);
    }

    @Test
    void tellsMediansSpreadAndRatios() {
        measure();

        assertThat(ReportFiles.markdown(run()).lines())
                .contains(
                        "|  | direct | culvert | a<b | culvert / a<b | culvert / direct |",
                        "| 1 connection, Gb/s ↑ | 10.00 | 4.00 (3.00-5.00) | 2.00 | 2.00 | 0.40 |",
                        "| 1 connection, CPU, s/GB ↓ | - | 1.0 | 2.0 | 0.50 | - |",
                        "| generators, s/GB | 0.5 | - | - | - | - |");
    }

    @Test
    void tellsWhatWasNotMeasured() {
        results.addFailure("idle, a<b: no answer");

        assertThat(ReportFiles.markdown(run())).contains("Not measured:", "- idle, a<b: no answer");
    }

    @Test
    void writesEveryValueAndWellFormedPictures() throws Exception {
        measure();

        List<Path> files = ReportFiles.write(directory, run());

        assertThat(files)
                .extracting(file -> file.getFileName().toString())
                .containsExactly("report.md", "values.csv", "beside-a_b.svg", "beside-direct.svg");
        assertThat(Files.readAllLines(files.get(1)))
                .contains(
                        "upload,1 connection,Gb/s,higher,culvert,2,5.00000",
                        "upload,\"1 connection, CPU\",s/GB,lower,a<b,1,2.00000");
        assertThat(picture(files.get(2))).contains("culvert beside a<b", "2.00×");
    }

    private static String picture(Path file) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(file.toFile())
                .getDocumentElement()
                .getTextContent();
    }
}
