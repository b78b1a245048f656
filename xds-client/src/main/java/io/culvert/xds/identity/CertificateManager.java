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
 * whatever the source says (ztunnel identity/manager.rs:Worker). What a source brings unasked is taken in between.
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
 * any           brought unasked                   Available (new), scheduled for half life
 * Available     withdrawn by the source           Unavailable, scheduled after the delay
 * any           forget                            (none); who waits is told
 * </pre>
 *
 * While an identity is Unavailable, whoever asks is told the last error at once: connections fail fast rather than
 * queue. When a source that did not answer does so again, all that failed for that reason are asked for at once, as far
 * as eight at a time allow, instead of each after its own delay.
 *
 * <p>A certificate that does not lead to the roots that came with it replaces none that is valid: a CA in the middle of
 * a rotation that went wrong must not take the mesh with it. Times are the wall clock's, for so are those of
 * certificates; when it jumps back, what waits is moved back with it.
 *
 * <p>Everything but {@link #current} and {@link #dump} happens on the control loop.
 */
public final class CertificateManager implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateManager.class);

    /** Requests under way at once: what one certificate authority bears of thousands of nodes. */
    static final int CONCURRENT_MAX = 8;
    /** Connections that wait for one identity; more are refused. */
    static final int WAITING_MAX = 4096;
    /** Identities of one node; more are refused. A node has some hundreds of pods. */
    static final int IDENTITIES_MAX = 16_384;
    /** Timers wake at least so often, so that a jump of the clock delays nothing for longer. */
    private static final Duration WAKE_LATEST = Duration.ofMinutes(1);

    private final CertificateSource source;
    private final CertificatePreparation preparation;
    private final Renewal renewal;
    private final ControlLoop control;
    private final RandomGenerator random;
    private final LogBudget warnings = new LogBudget();
    private final ConcurrentHashMap<Identity, IdentityEntry> entries = new ConcurrentHashMap<>();

    private final TreeSet<IdentityEntry> scheduled = new TreeSet<>(IdentityEntry.BY_DUE);
    private final TreeSet<IdentityEntry> ready = new TreeSet<>(IdentityEntry.BY_URGENCY);
    private int underWay;
    private boolean anyUnreachable;
    private Instant lastSeen = Instant.MIN;
    private long lastNumber;
    private boolean closed;
    private ControlLoop.@Nullable Timer wake;

    public CertificateManager(
            CertificateSource source,
            CertificatePreparation preparation,
            Renewal renewal,
            ControlLoop control,
            RandomGenerator random) {
        this.source = source;
        this.preparation = preparation;
        this.renewal = renewal;
        this.control = control;
        this.random = random;
        source.follow(new CertificateSource.Updates() {
            @Override
            public void renewed(WorkloadCertificate certificate) {
                preparation.prepare(certificate);
                control.execute(() -> brought(certificate));
            }

            @Override
            public void withdrawn(Identity identity, String reason) {
                control.execute(() -> withdraw(identity, reason));
            }
        });
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
            source.forgotten(identity);
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
        followClock(now);
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

    /** This runs at least every minute, so that only a jump of the clock makes it look back further. */
    private void followClock(Instant now) {
        if (now.isBefore(lastSeen)) {
            Duration back = Duration.between(now, lastSeen);
            LOG.warn("the clock went back by {} ms; renewals of certificates are moved with it", back.toMillis());
            List<IdentityEntry> waiting = List.copyOf(scheduled);
            scheduled.clear();
            waiting.forEach(entry -> {
                entry.due = entry.due.minus(back);
                scheduled.add(entry);
            });
        }
        lastSeen = now;
    }

    private void fetch(IdentityEntry entry) {
        underWay++;
        source.fetch(entry.identity, new CertificateSource.Sink() {
            @Override
            public void issued(WorkloadCertificate certificate) {
                take(certificate, () -> {
                    reachedAgain();
                    accept(entry, certificate);
                });
            }

            @Override
            public void restored(WorkloadCertificate certificate) {
                take(certificate, () -> accept(entry, certificate));
            }

            private void take(WorkloadCertificate certificate, Runnable outcome) {
                try {
                    preparation.prepare(certificate);
                } catch (IllegalArgumentException e) {
                    failed(String.valueOf(e.getMessage()));
                    return;
                }
                finish(entry, outcome);
            }

            @Override
            public void failed(String reason) {
                finish(entry, () -> refuse(entry, reason));
            }

            @Override
            public void unreachable(String reason) {
                finish(entry, () -> {
                    entry.unreachable = true;
                    anyUnreachable = true;
                    refuse(entry, reason);
                });
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
        if (!certificate.leadsToItsRoots()) {
            String why = "the certificate does not lead to the root certificates that came with it: peers will refuse"
                    + " it; check the CA's intermediate certificates and root bundle";
            if (held(entry, now) != null) {
                refuse(entry, why);
                return;
            }
            warn(now, "using it for want of another: " + entry.identity + ": " + why);
        }
        if (now.isBefore(certificate.notBefore())) {
            warn(
                    now,
                    "certificate of " + entry.identity + " is not valid before " + certificate.notBefore() + " (now "
                            + now + "): check the clocks of this node and of the CA");
        }
        entry.state = new State.Available(certificate);
        entry.retry.reset();
        entry.failures.over();
        schedule(entry, renewal.due(certificate, now, random));
        LOG.debug("certificate of {} valid until {}", entry.identity, certificate.notAfter());
        tell(entry, listener -> listener.onCertificate(certificate));
    }

    /** Those that failed because nobody answered need not wait for their own delays to end. */
    private void reachedAgain() {
        if (!anyUnreachable) {
            return;
        }
        Instant now = control.instant();
        anyUnreachable = false;
        List<IdentityEntry> failed =
                scheduled.stream().filter(entry -> entry.unreachable).toList();
        for (IdentityEntry entry : failed) {
            scheduled.remove(entry);
            entry.due = now;
            scheduled.add(entry);
        }
        entries.values().forEach(entry -> entry.unreachable = false);
        LOG.info("certificates can be had again: {} identities are asked for now", failed.size());
    }

    private void refuse(IdentityEntry entry, String reason) {
        Instant now = control.instant();
        Duration delay = entry.retry.afterFailure(now, random);
        Instant next = now.plus(delay);
        boolean news = entry.failures.isNews(reason, now);
        String line = "no certificate for " + entry.identity + ": " + reason + ", retrying in " + delay.toMillis()
                + " ms" + entry.failures.count();
        if (news) {
            warn(now, line);
        } else {
            LOG.debug("{}", line);
        }
        WorkloadCertificate old = held(entry, now);
        if (old != null) {
            schedule(entry, old.notAfter().isBefore(next) ? old.notAfter() : next);
        } else {
            fail(entry, reason, next);
        }
    }

    private void fail(IdentityEntry entry, String reason, Instant next) {
        entry.state = new State.Unavailable(reason);
        schedule(entry, next);
        tell(entry, listener -> listener.onFailure(reason));
    }

    private static @Nullable WorkloadCertificate held(IdentityEntry entry, Instant now) {
        return entry.state instanceof State.Available(WorkloadCertificate old) && now.isBefore(old.notAfter())
                ? old
                : null;
    }

    private void warn(Instant now, String line) {
        if (warnings.takes(now)) {
            LOG.warn("{}{}", line, warnings.isLast() ? " (more of this kind are left out for a minute)" : "");
        }
    }

    private void brought(WorkloadCertificate certificate) {
        IdentityEntry entry = entries.get(certificate.identity());
        if (entry != null && !closed) {
            accept(entry, certificate);
            pump();
        }
    }

    private void withdraw(Identity identity, String reason) {
        IdentityEntry entry = entries.get(identity);
        if (entry != null && entry.state instanceof State.Available) {
            Instant now = control.instant();
            warn(now, "the certificate of " + identity + " was withdrawn: " + reason);
            fail(entry, reason, now.plus(entry.retry.afterFailure(now, random)));
            pump();
        }
    }

    /** In place of whatever it was to wait for. */
    private void schedule(IdentityEntry entry, Instant due) {
        scheduled.remove(entry);
        ready.remove(entry);
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
