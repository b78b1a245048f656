package io.culvert.e2e.report;

import io.culvert.e2e.report.Outcome.Verdict;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/**
 * Prints what became of the tests; its last line reads {@code N passed, N failed, N skipped}. Exit status 1 when a test
 * failed, none ran, the build broke, or one was skipped that may not be.
 */
public final class TestSummary {

    private final List<Outcome> outcomes;
    private final boolean buildBroke;
    private final MaySkip maySkip;

    TestSummary(List<Outcome> outcomes, boolean buildBroke, MaySkip maySkip) {
        this.outcomes = outcomes;
        this.buildBroke = buildBroke;
        this.maySkip = maySkip;
    }

    /**
     * {@code --root DIRECTORY} holds the modules; {@code --build STATUS} is Maven's exit status. The environment
     * variable CULVERT_TEST_MAY_SKIP says which tests may be skipped, as {@link MaySkip#parse} reads it: any other
     * skipped test fails the run. Unset, all may.
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 4 || !arguments[0].equals("--root") || !arguments[2].equals("--build")) {
            throw new IllegalArgumentException("usage: TestSummary --root DIRECTORY --build STATUS");
        }
        String named = System.getenv("CULVERT_TEST_MAY_SKIP");
        MaySkip maySkip = named == null ? new MaySkip.All() : MaySkip.parse(named);
        TestSummary summary =
                new TestSummary(SurefireReports.readAll(Path.of(arguments[1])), !arguments[3].equals("0"), maySkip);
        System.exit(summary.print(System.out) ? 0 : 1);
    }

    /** Prints the summary; true when the run is good. */
    boolean print(PrintStream out) {
        out.println();
        list(out, Verdict.FAILED, "failed:");
        list(out, Verdict.SKIPPED, "not run:");
        out.printf("%-8s %8s %8s %8s%n", "tier", "passed", "failed", "skipped");
        for (String tier : Tiers.ALL) {
            out.printf(
                    "%-8s %8d %8d %8d%n",
                    tier, count(tier, Verdict.PASSED), count(tier, Verdict.FAILED), count(tier, Verdict.SKIPPED));
        }
        boolean good = verdict(out);
        out.printf(
                "%d passed, %d failed, %d skipped%n",
                count("", Verdict.PASSED), count("", Verdict.FAILED), count("", Verdict.SKIPPED));
        return good;
    }

    private boolean verdict(PrintStream out) {
        long forbidden = outcomes.stream()
                .filter(outcome -> outcome.verdict() == Verdict.SKIPPED)
                .filter(outcome -> !maySkip.allows(outcome))
                .count();
        if (forbidden > 0) {
            out.printf("%d tests were skipped that must run here; the reasons are above%n", forbidden);
        }
        if (buildBroke) {
            out.println("the build broke, so not every test had its turn: see target/test.log");
        }
        if (count("", Verdict.PASSED) == 0) {
            out.println("no test passed");
        }
        return !buildBroke && forbidden == 0 && count("", Verdict.FAILED) == 0 && count("", Verdict.PASSED) > 0;
    }

    private void list(PrintStream out, Verdict verdict, String heading) {
        List<Outcome> found = outcomes.stream()
                .filter(outcome -> outcome.verdict() == verdict)
                .toList();
        if (found.isEmpty()) {
            return;
        }
        out.println(heading);
        for (Outcome outcome : found) {
            String reason = outcome.reason().isEmpty() ? "no reason given" : outcome.reason();
            out.printf("  %s %s (%s): %s%n", outcome.module(), outcome.title(), outcome.tier(), reason);
        }
        out.println();
    }

    /** How many tests ended so; the empty tier means all. */
    private long count(String tier, Verdict verdict) {
        return outcomes.stream()
                .filter(outcome -> outcome.verdict() == verdict)
                .filter(outcome -> tier.isEmpty() || outcome.tier().equals(tier))
                .count();
    }
}
