package io.culvert.testkit.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The output of a child, read while it grows. A position is a byte offset: taken before an action, it lets the reader
 * ask only for what came after it. An unfinished last line is not seen.
 */
public final class LogFile {
    private static final int READ_MAX_BYTES = 16 << 20;

    private final Path path;

    private LogFile(Path path) {
        this.path = path;
    }

    public static LogFile at(Path path) {
        return new LogFile(path);
    }

    public Path path() {
        return path;
    }

    /** The current end. */
    public long position() {
        try {
            return Files.size(path);
        } catch (NoSuchFileException notYet) {
            return 0;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Whole lines written since {@code position}; of more than 16 MiB, the first 16. */
    public List<String> linesSince(long position) {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            long available = Math.max(0, file.size() - position);
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(available, READ_MAX_BYTES));
            while (bytes.hasRemaining() && file.read(bytes, position + bytes.position()) >= 0) {
                // until full or at the end
            }
            String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
            int end = text.lastIndexOf('\n');
            return end < 0 ? List.of() : text.substring(0, end).lines().toList();
        } catch (NoSuchFileException notYet) {
            return List.of();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public List<String> lines() {
        return linesSince(0);
    }

    public Optional<String> firstLineSince(long position, Predicate<String> wanted) {
        return linesSince(position).stream().filter(wanted).findFirst();
    }

    /** The last {@code count} lines, indented, for a failure message. */
    public String tail(int count) {
        List<String> all = lines();
        if (all.isEmpty()) {
            return "  (nothing written to " + path + ")";
        }
        List<String> last = all.subList(Math.max(0, all.size() - count), all.size());
        return "  | " + String.join("\n  | ", last) + "\n  (whole log: " + path + ")";
    }
}
