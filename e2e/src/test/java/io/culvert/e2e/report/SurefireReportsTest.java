package io.culvert.e2e.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.report.Outcome.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SurefireReportsTest {

    private static final String REPORT = """
            <testsuite name="x.RoadTest">
              <testcase name="carriesBytes" classname="x.RoadTest" time="0.1"/>
              <testcase name="refuses(String)[2]" classname="x.RoadTest" time="0.1">
                <failure message="expected reset&#10;but was data" type="E"><![CDATA[trace]]></failure>
              </testcase>
              <testcase name="crosses" classname="x.RoadTest" time="0">
                <skipped message="needs root: run as root"/>
              </testcase>
            </testsuite>
            """;

    private static final List<Outcome> SKIPPED = List.of(
            outcome("carriesBytes", "unit", Verdict.PASSED, ""),
            outcome("crosses", "netns", Verdict.SKIPPED, "needs root"));

    @TempDir
    Path root;

    @BeforeEach
    void oneModule() throws IOException {
        write("linux/src/test/java/x/Base.java", "@Tag(\"direct\")\nabstract class Base {}");
        write("linux/src/test/java/x/RoadTest.java", """
                final class RoadTest extends Base {
                    @Test
                    void carriesBytes() {}

                    @Tag("netns")
                    @Test
                    void crosses() {}
                }
                """);
        write("linux/target/surefire-reports/TEST-x.RoadTest.xml", REPORT);
    }

    @Test
    void readsVerdictReasonAndTierOfEachTest() throws IOException {
        List<Outcome> outcomes = SurefireReports.readAll(root);

        assertThat(outcomes)
                .containsExactly(
                        outcome("carriesBytes", "direct", Verdict.PASSED, ""),
                        outcome("refuses(String)[2]", "direct", Verdict.FAILED, "expected reset"),
                        outcome("crosses", "netns", Verdict.SKIPPED, "needs root: run as root"));
    }

    @Test
    void countsATestWithoutTagAsUnit() throws IOException {
        write("linux/src/test/java/x/PlainTest.java", "final class PlainTest {\n@Test void adds() {}\n}");

        assertThat(Tiers.of(root).tierOf("x.PlainTest", "adds")).isEqualTo("unit");
        assertThat(Tiers.of(root).tierOf("x.NowhereToBeFound", "adds")).isEqualTo("unit");
    }

    @Test
    void countsANestedTestByTheTagOfItsOuterClass() throws IOException {
        assertThat(Tiers.of(root).tierOf("x.RoadTest$WhenDraining", "waits")).isEqualTo("direct");
    }

    @Test
    void countsALeakedBufferAsAFailure() throws IOException {
        write(
                "linux/target/surefire-reports/x.RoadTest-output.txt",
                "fine\nERROR LEAK: ByteBuf.release() was not called");

        assertThat(SurefireReports.readAll(root))
                .filteredOn(outcome -> outcome.verdict() == Verdict.FAILED)
                .extracting(Outcome::title)
                .containsExactly("RoadTest.refuses(String)[2]", "RoadTest");
    }

    @Test
    void endsWithTheCountAndFailsWhenATestFailed() throws IOException {
        String printed = print(SurefireReports.readAll(root), false, "x.RoadTest", false);

        assertThat(printed)
                .endsWith("1 passed, 1 failed, 1 skipped\n")
                .contains("linux RoadTest.crosses (netns): needs root: run as root");
    }

    @Test
    void isGoodWhenAllPassedOrAreOfAClassThatMayBeSkipped() {
        assertThat(print(SKIPPED, false, "x.Other, x.RoadTest", true)).endsWith("1 passed, 0 failed, 1 skipped\n");
        List<Outcome> nested =
                List.of(SKIPPED.getFirst(), new Outcome("linux", "x.RoadTest$Far", "a", "unit", Verdict.SKIPPED, ""));
        assertThat(print(nested, false, "x.RoadTest", true)).endsWith("1 passed, 0 failed, 1 skipped\n");
    }

    @Test
    void failsWhenATestOfAnotherClassIsSkippedWhateverItsTitleAndReasonSay() {
        for (String maySkip : List.of("x.Other", "", "RoadTest", "RoadTest.crosses", "crosses", "needs root", ".*")) {
            assertThat(print(SKIPPED, false, maySkip, false)).contains("1 tests were skipped that must run");
        }
    }

    @Test
    void failsWhenNothingRan() {
        assertThat(print(List.of(), false, "", false)).endsWith("0 passed, 0 failed, 0 skipped\n");
    }

    @Test
    void failsWhenTheBuildBrokeThoughEveryReportIsGood() {
        List<Outcome> outcomes = List.of(outcome("carriesBytes", "unit", Verdict.PASSED, ""));

        assertThat(print(outcomes, true, "", false)).contains("the build broke");
    }

    private static String print(List<Outcome> outcomes, boolean buildBroke, String maySkip, boolean expected) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        boolean good = new TestSummary(outcomes, buildBroke, MaySkip.parse(maySkip))
                .print(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        assertThat(good).isEqualTo(expected);
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static Outcome outcome(String method, String tier, Verdict verdict, String reason) {
        return new Outcome("linux", "x.RoadTest", method, tier, verdict, reason);
    }

    private void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
