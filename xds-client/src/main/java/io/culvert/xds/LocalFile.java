package io.culvert.xds;

import io.culvert.xds.channel.ControlLoop;
import io.culvert.xds.channel.FileMark;
import io.culvert.xds.mesh.MeshState;
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
 * Keeps the mesh true to a local file: what the file adds, changes or no longer has is one change of the mesh. A file
 * that cannot be read or does not hold together changes nothing; one line says where it is broken, and what it said
 * last stays in force. Beside a control plane it adds to it ({@link io.culvert.xds.mesh.MeshEdit#replaceLocal}).
 *
 * <p>The file is looked at every {@value #LOOK_SECONDS} seconds, and read when two looks found it the same, so that a
 * file that is being written is left alone: half of it may well be valid. ztunnel reads it at start only.
 */
public final class LocalFile {
    private static final Logger LOG = LoggerFactory.getLogger(LocalFile.class);
    static final int LOOK_SECONDS = 1;

    private final Path file;
    private final MeshState mesh;
    private final ControlLoop control;
    private final Executor files;

    /** Of what is in force. Written on the control loop. */
    private volatile LocalState state = LocalState.EMPTY;

    private final AtomicLong applied = new AtomicLong();
    private final AtomicLong rejected = new AtomicLong();
    private volatile Optional<String> problem = Optional.empty();

    /** The reader's: how the file was when it was read, and at the last look. */
    private @Nullable FileMark read;

    private @Nullable FileMark seen;

    /** @param files where the file is read after the start; reading may block */
    public LocalFile(Path file, MeshState mesh, ControlLoop control, Executor files) {
        this.file = file;
        this.mesh = mesh;
        this.control = control;
        this.files = files;
    }

    /**
     * Takes what the file says, at once; to be called first.
     *
     * @throws InvalidLocalState naming the line that is wrong
     */
    public void load() throws InvalidLocalState {
        read = FileMark.of(file);
        seen = read;
        state = LocalState.read(file);
        state.loadInto(mesh);
    }

    /** From now on the mesh follows the file. */
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
        try {
            LocalState fresh = LocalState.read(file);
            if (FileMark.of(file).equals(now)) {
                read = now;
                control.execute(() -> replace(fresh));
            }
        } catch (InvalidLocalState e) {
            read = now;
            control.execute(() -> reject(String.valueOf(e.getMessage())));
        }
    }

    private void replace(LocalState fresh) {
        fresh.loadInto(mesh);
        state = fresh;
        applied.incrementAndGet();
        problem = Optional.empty();
        LOG.info(
                "local configuration {} read again: {} workloads, {} policies, {} services",
                file,
                fresh.workloads().size(),
                fresh.policies().size(),
                fresh.services().size());
    }

    private void reject(String reason) {
        rejected.incrementAndGet();
        problem = Optional.of(reason);
        LOG.error("{}; what it said before stays in force until it is mended", reason);
    }

    /** What is in force. For any thread, as the others. */
    public LocalState state() {
        return state;
    }

    /** Why what the file says now is not in force, if it is not. */
    public Optional<String> problem() {
        return problem;
    }

    /** How often a changed file was taken. */
    public long applied() {
        return applied.get();
    }

    /** How often a changed file was refused. */
    public long rejected() {
        return rejected.get();
    }
}
