package io.culvert.e2e.control;

import io.culvert.e2e.mesh.Programs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where one node's proxy keeps what the next process starts with: keys and certificates on a tmpfs, the mesh's state
 * beside them.
 */
final class KeptState implements AutoCloseable {
    private static final Path IN_MEMORY = Path.of("/dev/shm");

    private final Path directory;

    private KeptState(Path directory) {
        this.directory = directory;
    }

    static KeptState create(String node) throws IOException {
        return new KeptState(Files.createTempDirectory(
                IN_MEMORY,
                "cvt-kept-" + node,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))));
    }

    Path identities() {
        return directory.resolve("identities");
    }

    Path snapshot() {
        return directory.resolve("state");
    }

    /** The proxy with these places in its environment; env(1) becomes the proxy, so that the process stays one. */
    List<String> proxy() {
        List<String> command = new ArrayList<>(List.of(
                "env",
                "CULVERT_IDENTITY_DIR=" + identities(),
                "CULVERT_STATE_SNAPSHOT=" + snapshot(),
                "CULVERT_STATE_SNAPSHOT_INTERVAL=1s",
                "CULVERT_STATE_SNAPSHOT_GRACE=1s"));
        command.addAll(Programs.proxy());
        return command;
    }

    /** Whether the snapshot has this text in it, such as the name of a resource. */
    boolean tellsOf(String text) throws IOException {
        return Files.exists(snapshot())
                && new String(Files.readAllBytes(snapshot()), StandardCharsets.ISO_8859_1).contains(text);
    }

    /** The files of the identities that are kept now. */
    List<Path> identityFiles() throws IOException {
        try (Stream<Path> files = Files.list(identities())) {
            return files.filter(file -> file.toString().endsWith(".identity")).toList();
        }
    }

    @Override
    public void close() {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
