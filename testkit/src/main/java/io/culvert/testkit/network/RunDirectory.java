package io.culvert.testkit.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where one mesh keeps its files: logs, sockets, tokens, names of namespaces. Its last path segment is the prefix of
 * everything that the mesh makes outside of this directory (names under /run/netns, cgroups).
 *
 * <p>The owner holds a lock on a file in it, which the kernel gives up when the owner ends, however it ends. A
 * directory whose lock is free is what a killed mesh left behind, and {@link Leftovers} clears it up. Rejected: a pid
 * in a file, which means another process in another pid namespace, or after a reboot.
 */
public final class RunDirectory implements AutoCloseable {
    static final String PREFIX = "cvt";

    private static final Logger log = LoggerFactory.getLogger(RunDirectory.class);
    private static final String OWNER = "owner";
    private static final int RANDOM_BYTES = 4;

    /** Directories of this JVM: to probe their locks would lose them, as POSIX locks go with any close of the file. */
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final FileChannel owner;
    private boolean keep;

    private RunDirectory(Path path, FileChannel owner) {
        this.path = path;
        this.owner = owner;
    }

    /** A new one under the directory for temporary files. */
    public static RunDirectory create() throws IOException {
        byte[] random = new byte[RANDOM_BYTES];
        RandomGenerator.of("SecureRandom").nextBytes(random);
        Path path = root().resolve(PREFIX + HexFormat.of().formatHex(random));
        OWN.add(path);
        Files.createDirectory(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        FileChannel owner =
                FileChannel.open(path.resolve(OWNER), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        if (owner.tryLock() == null) {
            throw new IOException("somebody else holds the lock of the new " + path);
        }
        // For people who wonder whose it is. Not in the lock's own file: closing that after reading would give up the
        // lock.
        Files.writeString(path.resolve("pid"), ProcessHandle.current().pid() + "\n");
        return new RunDirectory(path, owner);
    }

    static Path root() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    public Path path() {
        return path;
    }

    /** The prefix of names: {@code cvt} and eight hex digits. */
    public String prefix() {
        return String.valueOf(path.getFileName());
    }

    /** A directory inside, made if it is not there. */
    public Path directory(String first, String... more) {
        try {
            return Files.createDirectories(path.resolve(Path.of(first, more)));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Leaves the files where they are when closed: for who wants to read the logs afterwards. */
    public void keepFiles() {
        keep = true;
    }

    @Override
    public void close() {
        try {
            owner.close();
        } catch (IOException ignored) {
            log.debug("closing the lock of {}: {}", path, ignored.getMessage());
        }
        if (keep) {
            deleteQuietly(path.resolve(OWNER));
        } else {
            deleteTree(path);
        }
        OWN.remove(path);
    }

    /** Directories that nobody owns any more. */
    static List<Path> abandoned() {
        try (Stream<Path> all = Files.list(root())) {
            return all.filter(path -> String.valueOf(path.getFileName()).matches(PREFIX + "[0-9a-f]{8}"))
                    .filter(path -> !OWN.contains(path))
                    .filter(RunDirectory::isAbandoned)
                    .toList();
        } catch (IOException | UncheckedIOException unreadable) {
            return List.of();
        }
    }

    private static boolean isAbandoned(Path path) {
        Path lockFile = path.resolve(OWNER);
        if (!Files.exists(lockFile)) {
            return false; // Just being made, or kept on purpose.
        }
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE)) {
            Optional<FileLock> lock = Optional.ofNullable(channel.tryLock());
            return lock.isPresent();
        } catch (IOException | OverlappingFileLockException notOurs) {
            return false;
        }
    }

    static void deleteTree(Path top) {
        try (Stream<Path> tree = Files.walk(top)) {
            tree.sorted(Comparator.reverseOrder()).forEach(RunDirectory::deleteQuietly);
        } catch (IOException | UncheckedIOException failure) {
            log.warn("cannot clear {}: {}", top, failure.getMessage());
        }
    }

    static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException failure) {
            log.warn("cannot remove {}: {}", file, failure.getMessage());
        }
    }
}
