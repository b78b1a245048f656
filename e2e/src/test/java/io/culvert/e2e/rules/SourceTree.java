package io.culvert.e2e.rules;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Finds the files of the repository that people write. */
final class SourceTree {

    private static final List<String> TEXT_SUFFIXES =
            List.of(".java", ".md", ".sh", ".xml", ".yaml", ".yml", ".proto", ".c", ".h");
    private static final List<String> SCRIPTS = List.of("culvert", "dev", "run", "build-plugin");
    private static final int DEPTH_MAX = 20;

    private SourceTree() {}

    /** The directory that holds the launcher, from wherever the test was started. */
    static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.isRegularFile(directory.resolve("culvert")) || !Files.exists(directory.resolve("LICENSE"))) {
            Path parent = directory.getParent();
            if (parent == null) {
                throw new IllegalStateException(
                        "no repository root above " + Path.of("").toAbsolutePath());
            }
            directory = parent;
        }
        return directory;
    }

    static List<SourceFile> read(Path root) throws IOException {
        List<SourceFile> files = new ArrayList<>();
        try (Stream<Path> paths = Files.walk(root, DEPTH_MAX)) {
            for (Path path : paths.filter(Files::isRegularFile)
                    .filter(path -> isOurs(root.relativize(path)))
                    .toList()) {
                String relative = root.relativize(path).toString().replace('\\', '/');
                files.add(new SourceFile(relative, Files.readString(path, StandardCharsets.UTF_8)));
            }
        }
        return files;
    }

    /** Not what a build wrote, what git keeps, or recorded test data. */
    private static boolean isOurs(Path relative) {
        for (Path part : relative) {
            String name = part.toString();
            if (name.equals("target") || name.equals(".git") || name.equals("resources") || name.equals("dist")) {
                return false;
            }
        }
        String name = relative.getFileName().toString();
        boolean text = TEXT_SUFFIXES.stream().anyMatch(name::endsWith) || SCRIPTS.contains(name);
        return text && !name.equals("LICENSE");
    }
}
