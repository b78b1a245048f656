package io.culvert.xds.snapshot;

import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.xds.channel.ControlLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the accepted state in a file, so that a proxy that is started while the control plane is away knows the mesh as
 * it was.
 *
 * <p>Changes are gathered by name and written by merging them into the file that is there: memory holds what changed
 * since the last write, never the whole. A resource that is older in the file than the state, or missing there, does no
 * harm: on the next start its version is repeated to the control plane, which sends what differs. What must not happen
 * is a file with workloads and without their policies, which would let everybody in: nothing is written before every
 * type was accepted once, unless it continues a file that was whole.
 *
 * <pre>
 * state     event                               next
 * PARTIAL   every type accepted, restored       WHOLE
 * WHOLE     tick with changes, interval over    WHOLE: written; a failure keeps the changes and tries more rarely
 * WHOLE     tick without, connected             WHOLE: the file's time is renewed
 * WHOLE     more changes than are held, or      BEHIND: the file is left to age; said once
 *           somebody took the file away
 * BEHIND    after a pause: could be written     GATHERING: the control plane is asked for everything anew
 * GATHERING all of it came                      WHOLE: written as a new file
 * GATHERING not all of it could be taken, or    BEHIND, with a longer pause
 *           more than is held
 * </pre>
 */
public final class StateSnapshots implements StateKeeper, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StateSnapshots.class);

    /** What waits to be written, in memory: the first answer for a mesh of 200,000 workloads fits. */
    static final long PENDING_BYTES_MAX = 96L * 1024 * 1024;
    /** The same while the file cannot be written: a full disk must not fill the memory. */
    static final long PENDING_BYTES_MAX_FAILING = 8L * 1024 * 1024;
    /** A write of so many bytes is followed by a pause of a second: on average no more is written. */
    static final long BYTES_PER_SECOND_MAX = 1024 * 1024;

    static final Duration TICK = Duration.ofSeconds(5);
    private static final Duration RESTAMP = Duration.ofMinutes(1);
    private static final Duration FAILING_PAUSE_MAX = Duration.ofMinutes(10);
    /** For all proxies of a cluster to ask for all of it is work for a control plane: at most once in an hour each. */
    private static final Duration BEHIND_PAUSE_MAX = Duration.ofHours(1);

    private static final Duration BEHIND_PAUSE = Duration.ofMinutes(1);
    /** A file from the future was written under a wrong clock, or read under one. */
    private static final Duration FUTURE_MAX = Duration.ofMinutes(5);

    private enum State {
        PARTIAL,
        WHOLE,
        BEHIND,
        GATHERING
    }

    private final SnapshotConfig config;
    private final ControlLoop control;
    private final Executor writer;
    private final SnapshotCounters counters = new SnapshotCounters();

    private State state = State.PARTIAL;
    private PendingChanges pending = new PendingChanges();
    private boolean continued;
    private boolean connected;
    private boolean writing;
    private boolean closed;
    private Runnable askAnew = () -> {};
    private Duration behindPause = Duration.ZERO;
    private Duration failingPause = Duration.ZERO;
    private Instant nextWrite = Instant.EPOCH;
    private @Nullable Instant restoredAsOf;

    /** @param writer runs one task at a time, and may block */
    public StateSnapshots(SnapshotConfig config, ControlLoop control, Executor writer) {
        this.config = config;
        this.control = control;
        this.writer = writer;
    }

    @Override
    public void attached(Runnable how) {
        askAnew = how;
    }

    @Override
    public void restore(Consumer<DeltaDiscoveryResponse> reader) {
        control.checkInLoop();
        try {
            SnapshotFile file = SnapshotFile.open(config.file());
            Instant now = control.instant();
            Optional<String> objection = objection(file, now);
            if (objection.isPresent()) {
                ignored(objection.get());
            } else {
                file.forEach(reader);
                restoredAsOf = file.asOf();
                continued = true;
                state = State.WHOLE;
                counters.stamped(file.asOf(), Files.size(config.file()));
                LOG.info(
                        "state snapshot {} restored: {} resources, {} old",
                        config.file(),
                        file.resources(),
                        Duration.between(file.asOf(), now));
            }
        } catch (NoSuchFileException e) {
            LOG.info("no state snapshot {} yet", config.file());
        } catch (InvalidSnapshot e) {
            ignored(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            ignored("it cannot be read: " + e);
        }
        control.schedule(TICK, this::tick);
    }

    private Optional<String> objection(SnapshotFile file, Instant now) {
        if (!file.owner().equals(config.owner())) {
            return Optional.of("it belongs to " + file.owner() + ", this is " + config.owner());
        }
        Duration age = Duration.between(file.asOf(), now);
        if (age.compareTo(config.ageMax()) > 0) {
            return Optional.of("it is " + age + " old, more than " + config.ageMax());
        }
        if (age.plus(FUTURE_MAX).isNegative()) {
            return Optional.of("it is of " + file.asOf() + ", which is yet to come: check the clock");
        }
        return Optional.empty();
    }

    private void ignored(String why) {
        LOG.warn("state snapshot {} is ignored: {}", config.file(), why);
    }

    /** As of when the state was that this process began with. */
    public Optional<Instant> restoredAsOf() {
        return Optional.ofNullable(restoredAsOf);
    }

    @Override
    public boolean keeps() {
        return state != State.BEHIND;
    }

    @Override
    public void accepted(DeltaDiscoveryResponse change) {
        if (state == State.BEHIND) {
            return;
        }
        change.getRemovedResourcesList().forEach(name -> pending.remove(change.getTypeUrl(), name));
        for (Resource resource : change.getResourcesList()) {
            pending.put(change.getTypeUrl(), resource);
        }
        long most = failingPause.isZero() ? PENDING_BYTES_MAX : PENDING_BYTES_MAX_FAILING;
        if (pending.bytes() > most) {
            giveUp("more than " + (most >> 20) + " MiB wait to be written");
        }
    }

    private void giveUp(String why) {
        state = State.BEHIND;
        pending = new PendingChanges();
        counters.givenUp(true);
        behindPause = longer(behindPause, BEHIND_PAUSE, BEHIND_PAUSE_MAX);
        nextWrite = control.instant().plus(behindPause);
        LOG.warn("the state snapshot {} is given up: {}; trying anew in {}", config.file(), why, behindPause);
    }

    private static Duration longer(Duration pause, Duration first, Duration most) {
        Duration twice = pause.isZero() ? first : pause.multipliedBy(2);
        return twice.compareTo(most) < 0 ? twice : most;
    }

    /** Looks whether it could be kept again; only then is the control plane given work. */
    private void probe(Instant now) {
        writing = true;
        long bytes = counters.bytes();
        writer.execute(() -> {
            try {
                SnapshotWriter.probe(config.file(), config.owner(), now, bytes);
                control.execute(this::gather);
            } catch (IOException e) {
                LOG.debug("the state snapshot {} still cannot be written: {}", config.file(), e.toString());
                control.execute(() -> {
                    writing = false;
                    nextWrite = control.instant().plus(behindPause);
                });
            }
        });
    }

    private void gather() {
        writing = false;
        if (closed) {
            return;
        }
        LOG.info("the state snapshot {} begins anew: the control plane is asked for everything", config.file());
        state = State.GATHERING;
        continued = false;
        failingPause = Duration.ZERO;
        askAnew.run();
    }

    @Override
    public void toldAnew(boolean complete) {
        if (state != State.GATHERING) {
            return;
        }
        if (complete) {
            state = State.WHOLE;
            nextWrite = control.instant();
        } else {
            giveUp("not all that the control plane says can be used");
        }
    }

    @Override
    public void synced() {
        if (state == State.PARTIAL) {
            state = State.WHOLE;
        }
    }

    @Override
    public void connected(boolean now) {
        connected = now;
    }

    private void tick() {
        if (closed) {
            return;
        }
        control.schedule(TICK, this::tick);
        Instant now = control.instant();
        if (now.isBefore(nextWrite.minus(BEHIND_PAUSE_MAX))) {
            // The clock was set back.
            nextWrite = now;
        }
        if (writing || now.isBefore(nextWrite)) {
            return;
        }
        if (state == State.BEHIND) {
            probe(now);
        } else if (state == State.WHOLE) {
            keep(now);
        }
    }

    private void keep(Instant now) {
        if (!pending.isEmpty()) {
            write(now);
        } else if (connected && counters.asOf().plus(RESTAMP).isBefore(now)) {
            writing = true;
            writer.execute(() -> restamp(now));
        }
    }

    private void write(Instant now) {
        PendingChanges changes = pending;
        pending = new PendingChanges();
        writing = true;
        // Changes are taken in as they come; while the control plane is away they end where it left.
        Instant asOf = connected || counters.asOf().equals(Instant.EPOCH) ? now : counters.asOf();
        boolean onto = continued;
        writer.execute(() -> {
            try {
                long bytes = merge(changes, onto, asOf);
                control.execute(() -> written(asOf, bytes));
            } catch (InvalidSnapshot | NoSuchFileException e) {
                control.execute(() -> {
                    writing = false;
                    giveUp("somebody removed or changed it");
                });
            } catch (IOException e) {
                control.execute(() -> notWritten(changes, e));
            }
        });
    }

    private long merge(PendingChanges changes, boolean onto, Instant asOf) throws IOException, InvalidSnapshot {
        try (SnapshotWriter out = new SnapshotWriter(config.file(), config.owner(), asOf)) {
            if (onto) {
                // Opened, and so checked, anew: what is copied must not be damaged.
                SnapshotFile.open(config.file()).copy(out, changes);
            }
            for (String type : changes.types()) {
                for (Optional<Resource> change : changes.of(type).values()) {
                    if (change.isPresent()) {
                        out.put(type, change.get());
                    }
                }
            }
            return out.commit();
        }
    }

    private void written(Instant asOf, long bytes) {
        if (!failingPause.isZero()) {
            LOG.info("the state snapshot {} can be written again", config.file());
        }
        writing = false;
        continued = true;
        failingPause = Duration.ZERO;
        if (state == State.WHOLE) {
            behindPause = Duration.ZERO;
            counters.givenUp(false);
        }
        counters.wrote(asOf, bytes);
        Duration pause = Duration.ofSeconds(bytes / BYTES_PER_SECOND_MAX);
        nextWrite = control.instant().plus(pause.compareTo(config.interval()) > 0 ? pause : config.interval());
    }

    private void notWritten(PendingChanges changes, IOException failure) {
        if (failingPause.isZero()) {
            LOG.warn(
                    "the state snapshot {} cannot be written, traffic is not affected: {}; trying again",
                    config.file(),
                    failure.toString());
        }
        writing = false;
        counters.failed();
        if (state == State.WHOLE) {
            failingPause = longer(failingPause, config.interval(), FAILING_PAUSE_MAX);
            nextWrite = control.instant().plus(failingPause);
            pending.putBehind(changes);
        }
    }

    private void restamp(Instant asOf) {
        try {
            SnapshotFile.restamp(config.file(), asOf);
            long bytes = Files.size(config.file());
            control.execute(() -> {
                writing = false;
                counters.stamped(asOf, bytes);
            });
        } catch (NoSuchFileException e) {
            control.execute(() -> {
                writing = false;
                giveUp("somebody removed it");
            });
        } catch (IOException e) {
            control.execute(() -> notWritten(new PendingChanges(), e));
        }
    }

    /** For metrics, from any thread. */
    public SnapshotCounters counters() {
        return counters;
    }

    /** Writes nothing more. */
    @Override
    public void close() {
        control.execute(() -> closed = true);
    }
}
