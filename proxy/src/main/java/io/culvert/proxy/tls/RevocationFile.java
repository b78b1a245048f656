package io.culvert.proxy.tls;

import io.culvert.xds.channel.ControlLoop;
import io.culvert.xds.channel.FileMark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps {@link Revocation} true to a file (CRL_PATH). It may come later, and may change at any time; what cannot be
 * read or understood changes nothing, and is said once.
 *
 * <p>The file is looked at every {@value #LOOK_SECONDS} seconds, and read when two looks found it the same, so that one
 * that is being written is left alone. A file that is taken away leaves its lists in force, as in the original: who
 * means that nothing is revoked any more leaves an empty one.
 */
public final class RevocationFile {
    private static final Logger LOG = LoggerFactory.getLogger(RevocationFile.class);
    static final int LOOK_SECONDS = 1;
    /**
     * Read by the JDK, a list takes ten to thirteen times the bytes of its file, for as long as it is in force, and the
     * next one beside it: so much of the heap is two fifths of it. Running out of memory would end every connection.
     */
    private static final long HEAPS_PER_FILE = 64;
    /** Some million entries: a larger file is somebody's mistake, whatever memory there is. */
    private static final long BYTES_MAX = 32L * 1024 * 1024;

    private final Path file;
    private final Revocation revocation;
    private final ControlLoop control;
    private final Executor files;
    private final long bytesMax;

    private final AtomicLong applied = new AtomicLong();
    private final AtomicLong rejected = new AtomicLong();
    private volatile Optional<String> problem = Optional.empty();

    /** The reader's: how the file was when it was read, and at the last look. */
    private @Nullable FileMark read;

    private @Nullable FileMark seen;

    /**
     * Reads nothing yet.
     *
     * @param files where the file is read after the start; reading may block
     * @param heapBytesMax of this process: a larger share of it than some part is not given to lists
     */
    public RevocationFile(Path file, Revocation revocation, ControlLoop control, Executor files, long heapBytesMax) {
        this.file = file;
        this.revocation = revocation;
        this.control = control;
        this.files = files;
        this.bytesMax = bytesMax(heapBytesMax);
    }

    /** The longest file that is read. */
    static long bytesMax(long heapBytesMax) {
        return Math.min(BYTES_MAX, heapBytesMax / HEAPS_PER_FILE);
    }

    /** Takes what the file says, at once; to be called first. The start goes on whatever it says. */
    public void load() {
        FileMark now = FileMark.of(file);
        read = now;
        seen = now;
        if (!now.isThere()) {
            problem = Optional.of(file + " is not there");
            LOG.warn("crl file {} is not there yet: nothing is revoked until it is", file);
            return;
        }
        try {
            take(parse());
            LOG.info("crl file {} loaded, lists: {}", file, revocation.lists());
        } catch (IOException | InvalidRevocationList e) {
            reject(text(e));
            LOG.warn(
                    "crl file {} cannot be used: {}: nothing is revoked until it is mended (a PEM file with X509 CRL"
                            + " blocks, or one list as DER)",
                    file,
                    text(e));
        }
    }

    private RevocationLists parse() throws IOException, InvalidRevocationList {
        if (Files.size(file) > bytesMax) {
            throw new InvalidRevocationList("CRL error: " + Files.size(file) + " bytes, and " + bytesMax
                    + " are the most for this heap: leave out what has expired, or give the proxy more memory");
        }
        return RevocationLists.parse(Files.readAllBytes(file));
    }

    private static String text(Exception e) {
        return e instanceof IOException ? "failed to read CRL file: " + e : String.valueOf(e.getMessage());
    }

    private void take(RevocationLists fresh) {
        problem = Optional.empty();
        applied.incrementAndGet();
        revocation.replace(fresh);
    }

    private void reject(String why) {
        problem = Optional.of(why);
        rejected.incrementAndGet();
    }

    /** From now on the file is followed. */
    public void follow() {
        control.schedule(Duration.ofSeconds(LOOK_SECONDS), this::look);
    }

    private void look() {
        try {
            files.execute(this::readIfChanged);
        } catch (RejectedExecutionException e) {
            LOG.debug("shutting down");
            return;
        }
        follow();
    }

    private void readIfChanged() {
        FileMark now = FileMark.of(file);
        boolean settled = now.equals(seen);
        seen = now;
        if (!settled || now.equals(read)) {
            return;
        }
        read = now;
        if (!now.isThere()) {
            reject(file + " is not there");
            LOG.warn("crl file {} is gone: what it said stays in force (an empty file revokes nothing)", file);
            return;
        }
        try {
            RevocationLists fresh = parse();
            if (FileMark.of(file).equals(now)) {
                take(fresh);
                LOG.info("crl file {} read again, lists: {}", file, revocation.lists());
            } else {
                // It was written to meanwhile: once more when it is at rest.
                read = null;
            }
        } catch (IOException | InvalidRevocationList e) {
            reject(text(e));
            LOG.error("crl file {}: {}; what it said before stays in force until it is mended", file, text(e));
        }
    }

    /** Why what the file says now is not in force, if it is not. For any thread, as the others. */
    public Optional<String> problem() {
        return problem;
    }

    /** How often the file was taken, the first time included. */
    public long applied() {
        return applied.get();
    }

    /** How often it could not be. */
    public long rejected() {
        return rejected.get();
    }
}
