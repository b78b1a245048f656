package io.culvert.e2e.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Each tidy rule finds a snippet that breaks it, and leaves one that does not. */
final class TidyRulesTest {

    private static final String PACKAGE_PAGE = "/** What it is for. */\n@NullMarked\npackage x;\n";

    @Test
    void findsALineThatIsTooWide() {
        assertThat(rulesBrokenBy("final class A { // " + "w".repeat(110) + "\n}"))
                .contains("line-width");
        assertThat(rulesBrokenBy("final class A { // " + "w".repeat(90) + "\n}"))
                .isEmpty();
    }

    @Test
    void findsAFileThatIsTooLong() {
        assertThat(rulesBrokenBy("//\n".repeat(401))).containsExactly("file-length");
        assertThat(rulesBrokenBy("//\n".repeat(400))).isEmpty();
    }

    @Test
    void findsAMethodThatIsTooLong() {
        assertThat(rulesBrokenBy("class A {\nvoid a() {\n" + "a();\n".repeat(69) + "}\n}"))
                .containsExactly("method-length");
        assertThat(rulesBrokenBy("class A {\nvoid a() {\n" + "a();\n".repeat(68) + "}\n}"))
                .isEmpty();
    }

    @Test
    void countsTheLinesOfALambdaToTheMethodThatHoldsIt() {
        assertThat(rulesBrokenBy("class A {\nvoid a() {\nrun(() -> {\n" + "a();\n".repeat(68) + "});\n}\n}"))
                .containsExactly("method-length");
    }

    @Test
    void findsWordsThatMustNotStay() {
        assertThat(rulesBrokenBy("// TO" + "DO later\nclass A {}")).containsExactly("leftover");
        assertThat(rulesBrokenBy("// FIX" + "ME\nclass A {}")).containsExactly("leftover");
        assertThat(rulesBrokenBy("class A { int mastodon; }")).isEmpty();
    }

    @Test
    void findsPathsOfOneMachine() {
        assertThat(rulesBrokenBy("class A { String at = \"/ho" + "me/anna/x\"; }"))
                .containsExactly("machine-path");
        assertThat(rulesBrokenBy("class A { String at = \"/var/run/home/x\"; }"))
                .isEmpty();
    }

    @Test
    void findsTabs() {
        assertThat(rulesBrokenBy("class A {\n\tint a;\n}")).containsExactly("tab");
    }

    @Test
    void findsCallsThatHideAnInput() {
        assertThat(rulesBrokenBy("class A { long a = System.nanoTime(); }")).containsExactly("banned-call");
        assertThat(rulesBrokenBy("class A { LongSupplier a = System::currentTimeMillis; }"))
                .containsExactly("banned-call");
        assertThat(rulesBrokenBy("class A { void a() throws Exception { Thread.sleep(5); } }"))
                .containsExactly("banned-call");
        assertThat(rulesBrokenBy("class A { Object a = new java.util.Random(); }"))
                .containsExactly("banned-call");
        assertThat(rulesBrokenBy("class A { Object a = Instant.now(); }")).containsExactly("banned-call");
    }

    @Test
    void leavesInjectedTimeAndMentionsOfTheBannedAlone() {
        assertThat(rulesBrokenBy("class A { Object a(Clock clock) { return Instant.now(clock); } }"))
                .isEmpty();
        assertThat(rulesBrokenBy("class A { Object a = new Random(7); }")).isEmpty();
        assertThat(rulesBrokenBy("/** Not System.nanoTime(). */ class A { String a = \"Thread.sleep(1)\"; }"))
                .isEmpty();
    }

    @Test
    void letsATestPassTheRealClockInButNotSleep() {
        SourceFile page = new SourceFile("m/src/main/java/x/package-info.java", PACKAGE_PAGE);
        String wires = "class A { Object a = of(System::nanoTime); }";
        String sleeps = "class A { void a() throws Exception { Thread.sleep(5); } }";

        assertThat(findings(List.of(page, new SourceFile("m/src/test/java/x/A.java", wires))))
                .isEmpty();
        assertThat(findings(List.of(page, new SourceFile("m/src/test/java/x/A.java", sleeps))))
                .extracting(Finding::rule)
                .containsExactly("banned-call");
    }

    @Test
    void findsAPackageWithoutItsPage() {
        assertThat(findings(List.of(new SourceFile("m/src/main/java/x/A.java", "class A {}"))))
                .extracting(Finding::rule)
                .containsExactly("package-info");
        assertThat(findings(List.of(
                        new SourceFile("m/src/main/java/x/A.java", "class A {}"),
                        new SourceFile("m/src/main/java/x/package-info.java", "package x;"))))
                .extracting(Finding::rule)
                .containsExactly("package-info");
    }

    @Test
    void findsAPackageNamedForNothing() {
        assertThat(findings(List.of(
                        new SourceFile("m/src/main/java/x/util/A.java", "class A {}"),
                        new SourceFile("m/src/main/java/x/util/package-info.java", PACKAGE_PAGE))))
                .extracting(Finding::rule)
                .containsExactly("package-name");
    }

    @Test
    void findsADocumentThatNamesWhatIsNotThere() {
        SourceFile test = new SourceFile("m/src/test/java/x/ATest.java", "class ATest { void holds() {} }");
        SourceFile page = new SourceFile("m/src/test/java/x/package-info.java", PACKAGE_PAGE);

        assertThat(findings(List.of(test, page, new SourceFile("docs/A.md", "`ATest#holds`, see ATest.java"))))
                .isEmpty();
        assertThat(findings(List.of(test, page, new SourceFile("docs/A.md", "`ATest#hol`, `BTest#holds`, see B.java"))))
                .extracting(Finding::rule)
                .containsOnly("dead-reference")
                .hasSize(3);
    }

    @Test
    void allowsExactlyWhatTheListAllows() {
        Allowances one = Allowances.parse(List.of("# a comment", "", "banned-call a/Main.java 1 wiring"));
        Finding finding = new Finding("banned-call", "a/Main.java", 3, 1, "System.nanoTime");

        assertThat(one.apply(List.of(finding))).isEmpty();
        assertThat(one.apply(List.of(finding, finding)))
                .hasSize(1)
                .first()
                .asString()
                .contains("1 allowed, 2 found");
        assertThat(one.apply(List.of())).hasSize(1).first().asString().contains("remove the line");
        assertThat(one.apply(List.of(finding, new Finding("tab", "b/B.java", 1, 1, "indent"))))
                .containsExactly("b/B.java:1: tab: indent");
    }

    @Test
    void ratchetsALengthDownButNeverUp() {
        Allowances list = Allowances.parse(List.of("file-length a/A.java 450 a table"));

        assertThat(list.apply(List.of(new Finding("file-length", "a/A.java", 0, 450, "long"))))
                .isEmpty();
        assertThat(list.apply(List.of(new Finding("file-length", "a/A.java", 0, 451, "long"))))
                .hasSize(1);
        assertThat(list.apply(List.of(new Finding("file-length", "a/A.java", 0, 420, "long"))))
                .containsExactly("a/A.java: file-length got better: write 420 in tidy-allowances.txt");
    }

    private static List<String> rulesBrokenBy(String source) {
        return findings(List.of(
                        new SourceFile("m/src/main/java/x/A.java", source),
                        new SourceFile("m/src/main/java/x/package-info.java", PACKAGE_PAGE)))
                .stream()
                .map(Finding::rule)
                .toList();
    }

    private static List<Finding> findings(List<SourceFile> tree) {
        return TidyTest.rules().stream().flatMap(rule -> rule.check(tree)).toList();
    }
}
