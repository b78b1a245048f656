package io.culvert.e2e.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which tier a test belongs to. Surefire's reports do not carry JUnit tags, so they are read from the sources: a tag on
 * the method, else on the class, else on a class that it extends; a test without one is {@code unit}.
 */
final class Tiers {

    static final List<String> ALL = List.of("unit", "loop", "direct", "netns", "e2e");

    private static final Pattern TAG = Pattern.compile("@Tag\\(\"(\\w+)\"\\)");
    private static final Pattern TAGGED = Pattern.compile("\\b(class|@interface|void)\\s+(\\w+)");
    private static final Pattern EXTENDS = Pattern.compile("\\bclass\\s+\\w+\\s+extends\\s+(\\w+)");
    private static final int INHERITANCE_DEPTH_MAX = 4;

    /** The tags of one source file. */
    private record Tags(Map<String, String> ofMethods, Optional<String> ofClass, Optional<String> parent) {}

    private final Map<String, Path> sources = new HashMap<>();
    private final Map<Path, Tags> tags = new HashMap<>();

    private Tiers() {}

    /** Finds all test sources of the modules under {@code root}. */
    static Tiers of(Path root) throws IOException {
        Tiers tiers = new Tiers();
        try (Stream<Path> modules = Files.list(root)) {
            for (Path module : modules.filter(Files::isDirectory).toList()) {
                Path tests = module.resolve("src/test/java");
                if (Files.isDirectory(tests)) {
                    tiers.index(tests);
                }
            }
        }
        return tiers;
    }

    private void index(Path tests) throws IOException {
        try (Stream<Path> files = Files.walk(tests)) {
            files.filter(file -> file.toString().endsWith(".java"))
                    .forEach(file -> sources.put(fileName(file.toString(), '/', ".java"), file));
        }
    }

    /** The tier of a method of a test class, given by its binary name. */
    String tierOf(String className, String method) throws IOException {
        String topClass = className.split("\\$", 2)[0];
        String methodName = method.split("[^\\w]", 2)[0];
        return find(topClass.substring(topClass.lastIndexOf('.') + 1), methodName, 0)
                .orElse("unit");
    }

    private Optional<String> find(String simpleName, String method, int depth) throws IOException {
        Path source = sources.get(simpleName);
        if (source == null || depth > INHERITANCE_DEPTH_MAX) {
            return Optional.empty();
        }
        Tags found = tags.get(source);
        if (found == null) {
            found = read(Files.readString(source));
            tags.put(source, found);
        }
        if (found.ofMethods.containsKey(method)) {
            return Optional.of(found.ofMethods.get(method));
        }
        if (found.ofClass.isPresent() || found.parent.isEmpty()) {
            return found.ofClass;
        }
        return find(found.parent.get(), method, depth + 1);
    }

    private static Tags read(String source) {
        Map<String, String> ofMethods = new HashMap<>();
        Optional<String> ofClass = Optional.empty();
        Matcher tag = TAG.matcher(source);
        Matcher tagged = TAGGED.matcher(source);
        while (tag.find()) {
            if (!ALL.contains(tag.group(1)) || !tagged.find(tag.end())) {
                continue;
            }
            if (tagged.group(1).equals("void")) {
                ofMethods.put(tagged.group(2), tag.group(1));
            } else if (ofClass.isEmpty()) {
                ofClass = Optional.of(tag.group(1));
            }
        }
        Matcher parent = EXTENDS.matcher(source);
        return new Tags(ofMethods, ofClass, parent.find() ? Optional.of(parent.group(1)) : Optional.empty());
    }

    private static String fileName(String path, char separator, String suffix) {
        return path.substring(path.lastIndexOf(separator) + 1, path.length() - suffix.length());
    }
}
