package io.culvert.e2e.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The whole tree keeps the tidy rules, but for what tidy-allowances.txt names. */
final class TidyTest {

    static List<TidyRule> rules() {
        return Stream.of(TextRules.all(), PackageRules.all(), SyntaxRules.all(), DocumentRules.all())
                .flatMap(List::stream)
                .toList();
    }

    @Test
    void theTreeIsTidy() throws IOException {
        Path root = SourceTree.root();
        List<SourceFile> tree = SourceTree.read(root);
        List<Finding> findings =
                rules().stream().flatMap(rule -> rule.check(tree)).toList();
        Path list = root.resolve("e2e/src/test/resources/tidy-allowances.txt");
        Allowances allowances = Allowances.parse(Files.readAllLines(list, StandardCharsets.UTF_8));

        assertThat(allowances.apply(findings)).isEmpty();
    }

    @Test
    void theTreeIsSeen() throws IOException {
        assertThat(SourceTree.read(SourceTree.root()))
                .extracting(SourceFile::path)
                .contains(
                        "culvert",
                        "dev",
                        "README.md",
                        "docs/ARCHITECTURE.md",
                        "proto/src/main/proto/zds.proto",
                        "e2e/src/test/java/io/culvert/e2e/rules/TidyTest.java");
    }
}
