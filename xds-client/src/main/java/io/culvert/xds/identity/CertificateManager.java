package io.culvert.xds.identity;

import io.culvert.xds.channel.ControlLoop;
import io.culvert.xds.identity.CertificateStatus.State;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One certificate per identity, asked for once however many want it, renewed at half life, kept while it is valid
 * whatever the source says (ztunnel identity/manager.rs:Worker).
 *
 * <p>Each identity is either {@code scheduled} for a time to come, {@code ready} to be asked for, or being asked for;
 * of the last there are at most eight. The more urgent go first, among equals the earlier due. Its state for others:
 *
 * <pre>
 * state         event                             next
 * (none)        request, prefetch                 Initializing, ready at once
 * Initializing  issued                            Available, scheduled for half life
 * Initializing  failed                            Unavailable, scheduled after a growing delay
 * Available     renewed                           Available (new), scheduled for half life
 * Available     failed, still valid               Available (old), scheduled after the delay or at expiry
 * Available     failed, expired                   Unavailable, scheduled after the delay
 * Unavailable   issued                            Available
 * any           forget                            (none); who waits is told
 * </pre>
 *
 * While an identity is Unavailable, whoever asks is told the last error at once: connections fail fast rather than
 * queue. Everything but {@link #current} and {@link #dump} happens on the control loop.
 */
public final class CertificateManager implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateManager.class);

    /** Requests under way at once: what one certificate authority bears of thousands of nodes. */
    static final int CONCURRENT_MAX = 8;
    /** Connections that wait for one identity; more are refused. */
    static final int WAITING_MAX = 4096;
    /** Identities of one node; more are refused. A node has some hundreds of pods. */
    static final int IDENTITIES_MAX = 16_384;
    /** A certificate that is past half its life when it comes is not asked for again at once. */
    private static final Duration RENEWAL_PAUSE = Duration.ofSeconds(1);
    /** Timers wake at least so often, so that a jump of the clock delays nothing for longer. */
    private static final Duration WAKE_LATEST = Duration.ofMinutes(1);

    private final CertificateSource source;
    private final ControlLoop control;
    private final RandomGenerator random;
    private final ConcurrentHashMap<Identity, IdentityEntry> entries = new ConcurrentHashMap<>();

    private final TreeSet<IdentityEntry> scheduled = new TreeSet<>(IdentityEntry.BY_DUE);
    private final TreeSet<IdentityEntry> ready = new TreeSet<>(IdentityEntry.BY_URGENCY);
    private int underWay;
    private long lastNumber;
    private boolean closed;
    private ControlLoop.@Nullable Timer wake;

    public CertificateManager(CertificateSource source, ControlLoop control, RandomGenerator random) {
        this.source = source;
        this.control = control;
        this.random = random;
    }

    /** The certificate of an identity, if there is one that has not expired. Lock-free; asks for nothing. */
    public @Nullable WorkloadCertificate current(Identity identity) {
        IdentityEntry entry = entries.get(identity);
        if (entry != null
                && entry.state instanceof State.Available(WorkloadCertificate certificate)
                && control.instant().isBefore(certificate.notAfter())) {
            return certificate;
        }
        return null;
    }

    /** Has the listener told: at once if the certificate is there, else on the control loop. From any thread. */
    public void request(Identity identity, Priority priority, CertificateListener listener) {
        WorkloadCertificate present = current(identity);
        if (present != null) {
            listener.onCertificate(present);
        } else {
            control.execute(() -> await(identity, priority, listener));
        }
    }

    private void await(Identity identity, Priority priority, CertificateListener listener) {
        control.checkInLoop();
        WorkloadCertificate present = current(identity);
        IdentityEntry entry = entries.get(identity);
        if (present != null) {
            listener.onCertificate(present);
        } else if (closed) {
            listener.onFailure("shutting down");
        } else if (entry == null && entries.size() >= IDENTITIES_MAX) {
            listener.onFailure("more than " + IDENTITIES_MAX + " identities on this node");
        } else if (entry != null && entry.state instanceof State.Unavailable(String error)) {
            listener.onFailure(error);
        } else if (entry != null && entry.waiting.size() >= WAITING_MAX) {
            listener.onFailure("more than " + WAITING_MAX + " connections wait for the certificate of " + identity);
        } else {
            IdentityEntry waitedFor = entry == null ? added(identity, priority) : raised(entry, priority);
            waitedFor.waiting.add(listener);
            pump();
        }
    }

    private IdentityEntry added(Identity identity, Priority priority) {
        IdentityEntry entry = new IdentityEntry(identity, ++lastNumber, priority, control.instant());
        entries.put(identity, entry);
        scheduled.add(entry);
        return entry;
    }

    private IdentityEntry raised(IdentityEntry entry, Priority priority) {
        if (entry.priority.compareTo(priority) < 0) {
            // The sets are ordered by what changes here.
            boolean wasReady = ready.remove(entry);
            entry.priority = priority;
            if (wasReady) {
                ready.add(entry);
            }
            if (entry.state instanceof State.Initializing) {
                entry.state = new State.Initializing(priority);
            }
        }
        return entry;
    }

    /** No workload here needs it any more. From any thread. */
    public void forget(Identity identity) {
        control.execute(() -> {
            IdentityEntry entry = entries.remove(identity);
            if (entry != null) {
                scheduled.remove(entry);
                ready.remove(entry);
                tell(entry, listener -> listener.onFailure("the identity is no longer needed"));
            }
        });
    }

    /** Starts what is due, as far as allowed, and sets the timer for the rest. */
    private void pump() {
        Instant now = control.instant();
        while (!scheduled.isEmpty() && !scheduled.first().due.isAfter(now)) {
            ready.add(scheduled.removeFirst());
        }
        while (underWay < CONCURRENT_MAX && !ready.isEmpty() && !closed) {
            fetch(ready.removeFirst());
        }
        if (wake != null) {
            wake.cancel();
            wake = null;
        }
        if (!scheduled.isEmpty() && !closed) {
            Duration left = Duration.between(now, scheduled.first().due);
            wake = control.schedule(left.compareTo(WAKE_LATEST) < 0 ? left : WAKE_LATEST, this::pump);
        }
    }

    private void fetch(IdentityEntry entry) {
        underWay++;
        source.fetch(entry.identity, new CertificateSource.Sink() {
            @Override
            public void issued(WorkloadCertificate certificate) {
                finish(entry, () -> accept(entry, certificate));
            }

            @Override
            public void failed(String reason) {
                finish(entry, () -> refuse(entry, reason));
            }
        });
    }

    /** An answer for an identity that was forgotten meanwhile goes nowhere. */
    private void finish(IdentityEntry entry, Runnable outcome) {
        control.execute(() -> {
            underWay--;
            if (entries.get(entry.identity) == entry && !closed) {
                outcome.run();
            }
            pump();
        });
    }

    private void accept(IdentityEntry entry, WorkloadCertificate certificate) {
        Instant now = control.instant();
        if (!now.isBefore(certificate.notAfter())) {
            refuse(
                    entry,
                    "certificate returned from CA expired at " + certificate.notAfter() + " (now " + now
                            + "): check the clocks of this node and of the CA");
            return;
        }
        entry.state = new State.Available(certificate);
        entry.retry.reset();
        Instant earliest = now.plus(RENEWAL_PAUSE);
        schedule(entry, certificate.renewAt().isAfter(earliest) ? certificate.renewAt() : earliest);
        LOG.debug("certificate of {} valid until {}", entry.identity, certificate.notAfter());
        tell(entry, listener -> listener.onCertificate(certificate));
    }

    private void refuse(IdentityEntry entry, String reason) {
        Instant now = control.instant();
        Duration delay = entry.retry.afterFailure(now, random);
        Instant next = now.plus(delay);
        LOG.warn("no certificate for {}: {}, retrying in {} ms", entry.identity, reason, delay.toMillis());
        if (entry.state instanceof State.Available(WorkloadCertificate old) && now.isBefore(old.notAfter())) {
            schedule(entry, old.notAfter().isBefore(next) ? old.notAfter() : next);
            return;
        }
        entry.state = new State.Unavailable(reason);
        schedule(entry, next);
        tell(entry, listener -> listener.onFailure(reason));
    }

    private void schedule(IdentityEntry entry, Instant due) {
        entry.priority = Priority.BACKGROUND;
        entry.due = due;
        scheduled.add(entry);
    }

    private static void tell(IdentityEntry entry, Consumer<CertificateListener> outcome) {
        List<CertificateListener> told = List.copyOf(entry.waiting);
        entry.waiting.clear();
        told.forEach(outcome);
    }

    /** All identities, by name. */
    public List<CertificateStatus> dump() {
        return entries.values().stream()
                .map(entry -> new CertificateStatus(entry.identity, entry.state))
                .sorted(Comparator.comparing(CertificateStatus::identity))
                .toList();
    }

    /** Renews nothing any more; certificates stay. From any thread. */
    @Override
    public void close() {
        control.execute(() -> {
            closed = true;
            pump();
            entries.values().forEach(entry -> tell(entry, listener -> listener.onFailure("shutting down")));
        });
    }
}
