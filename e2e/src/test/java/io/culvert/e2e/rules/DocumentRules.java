package io.culvert.e2e.rules;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What documents name must exist: tests as {@code Class#method}, and Java files by their names. */
final class DocumentRules {

    private static final Pattern TEST = Pattern.compile("\\b([A-Z]\\w*Test)#(\\w+)");
    private static final Pattern FILE = Pattern.compile("\\b([A-Z]\\w*\\.java)\\b");

    private DocumentRules() {}

    static List<TidyRule> all() {
        return List.of(DocumentRules::check);
    }

    private static Stream<Finding> check(List<SourceFile> tree) {
        Map<String, String> sources = new HashMap<>();
        tree.stream().filter(SourceFile::isJava).forEach(file -> sources.put(file.name(), file.text()));
        List<Finding> findings = new ArrayList<>();
        for (SourceFile page :
                tree.stream().filter(file -> file.name().endsWith(".md")).toList()) {
            List<String> lines = page.lines();
            for (int i = 0; i < lines.size(); i++) {
                for (String missing : missing(lines.get(i), sources)) {
                    String message = missing + " is not there: name what took its place";
                    findings.add(new Finding("dead-reference", page.path(), i + 1, 1, message));
                }
            }
        }
        return findings.stream();
    }

    private static List<String> missing(String line, Map<String, String> sources) {
        List<String> missing = new ArrayList<>();
        Matcher test = TEST.matcher(line);
        while (test.find()) {
            String source = sources.getOrDefault(test.group(1) + ".java", "");
            if (!Pattern.compile("\\bvoid " + test.group(2) + "\\(")
                    .matcher(source)
                    .find()) {
                missing.add(test.group());
            }
        }
        Matcher file = FILE.matcher(line);
        while (file.find()) {
            if (!sources.containsKey(file.group(1))) {
                missing.add(file.group());
            }
        }
        return missing;
    }
}
