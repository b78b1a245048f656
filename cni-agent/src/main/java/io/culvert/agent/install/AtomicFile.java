package io.culvert.agent.install;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Files that others read at any moment: they see the old content or the new one, also after a power cut. Written
 * beside under {@code <name>.tmp.<random>}, which no container runtime takes for a configuration, synced, renamed.
 */
public final class AtomicFile {
    private AtomicFile() {}

    /** A last look before the new file takes the old one's name; throws where it must not. */
    @FunctionalInterface
    interface LastLook {
        void check() throws IOException;
    }

    /** Replaces the file, or makes it. Nothing of it stays where this fails. */
    public static void write(Path file, byte[] content, Set<PosixFilePermission> mode) throws IOException {
        write(file, content, mode, () -> {});
    }

    static void write(Path file, byte[] content, Set<PosixFilePermission> mode, LastLook lastLook) throws IOException {
        Path directory = directoryOf(file);
        removeLeftovers(file);
        Path temporary = Files.createTempFile(
                directory,
                file.getFileName() + ".tmp.",
                "",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                ByteBuffer rest = ByteBuffer.wrap(content);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.force(true);
            }
            Files.setPosixFilePermissions(temporary, mode);
            lastLook.check();
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(temporary);
            // A full disk shows in a write, whose error names no file.
            throw e instanceof FileSystemException
                    ? e
                    : new FileSystemException(file.toString(), null, String.valueOf(e.getMessage()));
        }
        syncNames(directory);
    }

    /** As {@link #write}, with the mode, owner and group of the file that is replaced. */
    static void rewrite(Path file, byte[] content, LastLook lastLook) throws IOException {
        PosixFileAttributes before = Files.readAttributes(file, PosixFileAttributes.class);
        write(file, content, before.permissions(), lastLook);
        PosixFileAttributes after = Files.readAttributes(file, PosixFileAttributes.class);
        if (!after.owner().equals(before.owner()) || !after.group().equals(before.group())) {
            PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
            view.setOwner(before.owner());
            view.setGroup(before.group());
        }
    }

    static void delete(Path file) throws IOException {
        removeLeftovers(file);
        if (Files.deleteIfExists(file)) {
            syncNames(directoryOf(file));
        }
    }

    /** What a process left that was killed while it wrote. */
    private static void removeLeftovers(Path file) throws IOException {
        String prefix = file.getFileName() + ".tmp.";
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(
                directoryOf(file), path -> path.getFileName().toString().startsWith(prefix))) {
            for (Path leftover : leftovers) {
                Files.deleteIfExists(leftover);
            }
        }
    }

    private static void syncNames(Path directory) throws IOException {
        try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
            names.force(true);
        }
    }

    private static Path directoryOf(Path file) throws IOException {
        Path directory = file.getParent();
        if (directory == null) {
            throw new IOException(file + " has no directory");
        }
        return directory;
    }
}
