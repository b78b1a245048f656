package io.culvert.e2e.rules;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Every package says what it is for, and is named for something an operator knows. */
final class PackageRules {

    private static final Set<String> EMPTY_NAMES = Set.of(
            "util", "utils", "common", "impl", "manager", "managers", "helper", "helpers", "misc", "core", "base");

    private PackageRules() {}

    static List<TidyRule> all() {
        return List.of(PackageRules::packageInfo, PackageRules::names);
    }

    /** A test package shares the page of the package that it tests. */
    private static Stream<Finding> packageInfo(List<SourceFile> tree) {
        Map<String, String> pages = tree.stream()
                .filter(file -> file.name().equals("package-info.java"))
                .collect(Collectors.toMap(PackageRules::packageOf, SourceFile::text, (a, b) -> a + b));
        Map<String, List<SourceFile>> packages =
                tree.stream().filter(SourceFile::isJava).collect(Collectors.groupingBy(PackageRules::packageOf));
        return packages.entrySet().stream()
                .filter(entry -> !isComplete(pages.getOrDefault(entry.getKey(), "")))
                .map(entry -> new Finding(
                        "package-info",
                        entry.getValue().getFirst().directory(),
                        0,
                        1,
                        "write package-info.java: @NullMarked, what the package is for, which threads run it,"
                                + " what it must not depend on"));
    }

    private static boolean isComplete(String page) {
        return page.contains("/**") && page.contains("@NullMarked");
    }

    private static Stream<Finding> names(List<SourceFile> tree) {
        return tree.stream()
                .filter(SourceFile::isJava)
                .map(SourceFile::directory)
                .distinct()
                .filter(directory -> EMPTY_NAMES.contains(directory.substring(directory.lastIndexOf('/') + 1)))
                .map(directory -> new Finding(
                        "package-name",
                        directory,
                        0,
                        1,
                        "name it for what an operator would look for, not for its role"));
    }

    /** The package, from the path: modules and source sets of one package name are one package. */
    private static String packageOf(SourceFile file) {
        int java = file.directory().indexOf("/java/");
        return java < 0 ? file.directory() : file.directory().substring(java + "/java/".length());
    }
}
