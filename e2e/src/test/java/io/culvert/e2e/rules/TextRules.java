package io.culvert.e2e.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Rules that need no understanding of Java: widths, lengths, words that must not stay, paths of somebody's machine. */
final class TextRules {

    static final int LINE_WIDTH_MAX = 120;
    static final int FILE_LINES_MAX = 400;

    // Put together from halves, so that this file obeys its own rules.
    private static final Pattern LEFTOVER = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");
    private static final Pattern MACHINE_PATH =
            Pattern.compile("(?<![\\w.$}])/(?:wo" + "rk|ho" + "me|Us" + "ers|ro" + "ot)/\\w");

    private TextRules() {}

    static List<TidyRule> all() {
        return List.of(
                perLine(
                        "line-width",
                        file -> file.isJava()
                                || !file.name().contains(".")
                                || file.name().endsWith(".sh"),
                        line -> line.length() > LINE_WIDTH_MAX ? "wider than " + LINE_WIDTH_MAX + ": break it" : ""),
                perLine(
                        "leftover",
                        file -> !file.name().equals("STYLE.md"),
                        line -> foundBy(LEFTOVER, line, "finish it, or write it into docs/LIMITATIONS.md")),
                perLine(
                        "machine-path",
                        file -> true,
                        line -> foundBy(MACHINE_PATH, line, "no path of one machine: take it from a parameter")),
                perLine(
                        "tab",
                        file -> file.isJava() || file.name().endsWith(".md"),
                        line -> line.indexOf('\t') >= 0 ? "indent by spaces: ./dev fmt" : ""),
                TextRules::fileLength);
    }

    private static Stream<Finding> fileLength(List<SourceFile> tree) {
        return tree.stream()
                .filter(SourceFile::isJava)
                .filter(file -> file.lines().size() > FILE_LINES_MAX)
                .map(file -> new Finding(
                        "file-length",
                        file.path(),
                        0,
                        file.lines().size(),
                        file.lines().size() + " lines, at most " + FILE_LINES_MAX + ": find the second idea in it"));
    }

    private static String foundBy(Pattern pattern, String line, String remedy) {
        Matcher matcher = pattern.matcher(line);
        return matcher.find() ? "'" + matcher.group() + "': " + remedy : "";
    }

    private static TidyRule perLine(String rule, Predicate<SourceFile> applies, Function<String, String> check) {
        return tree -> {
            List<Finding> findings = new ArrayList<>();
            for (SourceFile file : tree.stream().filter(applies).toList()) {
                List<String> lines = file.lines();
                for (int i = 0; i < lines.size(); i++) {
                    String message = check.apply(lines.get(i));
                    if (!message.isEmpty()) {
                        findings.add(new Finding(rule, file.path(), i + 1, 1, message));
                    }
                }
            }
            return findings.stream();
        };
    }
}
