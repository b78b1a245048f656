package io.culvert.e2e.mesh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A copy of this tree as it is after a build, in somebody else's hands: the launcher, what it asks the tree about, and
 * every jar of the programs' class paths, which may lie where only the builder can read.
 */
final class Clone {
    private static final List<String> MODULES =
            List.of("proto", "linux", "xds-client", "proxy", "cni-agent", "testkit");

    private final Path from;
    private final Path to;

    private Clone(Path from, Path to) {
        this.from = from;
        this.to = to;
    }

    /** Makes it; everything in it, and the way to it, is {@code user}'s to read, and the tree is its own. */
    static Path of(Path from, Path to, int user) throws IOException {
        Clone clone = new Clone(from, to);
        clone.file(Path.of("culvert"));
        clone.file(Path.of("pom.xml"));
        try (Stream<Path> scripts = Files.list(from.resolve("launcher"))) {
            for (Path script : scripts.toList()) {
                clone.file(from.relativize(script));
            }
        }
        for (String module : MODULES) {
            clone.module(module);
        }
        Path plugin = Path.of("cni-agent/target/culvert-cni");
        if (Files.exists(from.resolve(plugin))) {
            clone.file(plugin);
        }
        clone.giveTo(user);
        return to;
    }

    private void module(String module) throws IOException {
        file(Path.of(module, "pom.xml"));
        Path target = Path.of(module, "target");
        try (Stream<Path> built = Files.list(from.resolve(target))) {
            for (Path jar : built.filter(one ->
                            one.toString().endsWith(".jar") || one.toString().endsWith(".aot"))
                    .toList()) {
                file(from.relativize(jar));
            }
        }
        Path classPath = from.resolve(target).resolve("classpath");
        if (Files.exists(classPath)) {
            Files.writeString(to.resolve(target).resolve("classpath"), libraries(Files.readString(classPath)));
            Files.createFile(to.resolve(target).resolve("built"));
        }
    }

    /** Copies the libraries; the class path of the copies. */
    private String libraries(String classPath) throws IOException {
        List<String> copies = new ArrayList<>();
        for (String entry : classPath.strip().split(":", -1)) {
            Path library = Path.of(entry);
            Path copy = to.resolve("lib").resolve(String.valueOf(library.getFileName()));
            if (!Files.exists(copy)) {
                Files.createDirectories(to.resolve("lib"));
                Files.copy(library, copy);
            }
            copies.add(copy.toString());
        }
        return String.join(":", copies);
    }

    private void file(Path relative) throws IOException {
        Path copy = to.resolve(relative);
        Files.createDirectories(copy.resolveSibling("."));
        Files.copy(from.resolve(relative), copy, StandardCopyOption.COPY_ATTRIBUTES);
    }

    private void giveTo(int user) throws IOException {
        try (Stream<Path> all = Files.walk(to)) {
            for (Path one : all.toList()) {
                Files.setAttribute(one, "unix:uid", user);
            }
        }
        Path parent = to.getParent();
        if (parent != null) {
            Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }
}
