package io.culvert.perf.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
                .containsExactly(
                        "report.md", "values.csv", "facts.txt", "failures.txt", "beside-a_b.svg", "beside-direct.svg");
        assertThat(Files.readAllLines(files.get(1)))
                .contains(
                        "upload,1 connection,Gb/s,higher,2,culvert,2,5.00000",
                        "upload,\"1 connection, CPU\",s/GB,lower,1,a<b,1,2.00000");
        assertThat(picture(files.get(4))).contains("culvert beside a<b", "2.00×");
    }

    @Test
    void makesOneReportOfSeveral() throws Exception {
        measure();
        results.note("a note");
        results.addFailure("idle, a<b:\n  no answer");
        List<Path> _ = ReportFiles.write(directory.resolve("one"), run());
        results.add(SPEED, "a<b", 6);
        List<Path> _ = ReportFiles.write(directory.resolve("two"), run());

        SavedReports saved = SavedReports.read(List.of(directory.resolve("one"), directory.resolve("two")));

        assertThat(saved.subjects()).containsExactlyInAnyOrder("direct", "culvert", "a<b");
        assertThat(saved.facts()).containsExactly("a machine", "a note");
        assertThat(saved.results().failures()).containsExactly("idle, a<b: no answer", "idle, a<b: no answer");
        assertThat(saved.results().of(SPEED, "culvert").inOrder()).containsExactly(3, 5, 3, 5);
        assertThat(saved.results().of(SPEED, "a<b").inOrder()).containsExactly(2, 2, 6);
        assertThat(saved.results().of(COST, "a<b").inOrder()).containsExactly(2, 2);
    }

    @Test
    void refusesToMergeWhatIsNoReport() throws Exception {
        List<Path> nothing = List.of(directory.resolve("nothing"));
        assertThatThrownBy(() -> SavedReports.read(nothing)).hasMessageContaining("there is no");
        Path broken = directory.resolve("broken");
        measure();
        List<Path> _ = ReportFiles.write(broken, run());
        for (String line :
                List.of("upload,x", "upload,x,Gb/s,sideways,2,culvert,1,1", "upload,x,Gb/s,higher,2,culvert,1,fast")) {
            Files.writeString(broken.resolve("values.csv"), Csv.HEAD + "\n" + line + "\n");
            assertThatThrownBy(() -> SavedReports.read(List.of(broken)))
                    .as(line)
                    .hasMessageContaining("not a line of");
        }
        Files.writeString(broken.resolve("values.csv"), "axis,value\n");
        assertThatThrownBy(() -> SavedReports.read(List.of(broken))).hasMessageContaining("does not begin with");
    }

    private static String picture(Path file) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(file.toFile())
                .getDocumentElement()
                .getTextContent();
    }
}
