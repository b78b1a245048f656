package io.culvert.xds.identity;

import io.culvert.xds.channel.RepeatedFailure;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** One identity in the manager. All but the state is the control thread's. */
final class IdentityEntry {
    /** Most urgent first, then earliest due, then first come. */
    static final Comparator<IdentityEntry> BY_URGENCY = Comparator.comparing((IdentityEntry entry) -> entry.priority)
            .reversed()
            .thenComparing(entry -> entry.due)
            .thenComparingLong(entry -> entry.number);

    static final Comparator<IdentityEntry> BY_DUE =
            Comparator.comparing((IdentityEntry entry) -> entry.due).thenComparingLong(entry -> entry.number);

    final Identity identity;
    /** Tells apart entries that are equal otherwise. */
    final long number;

    final RetryDelay retry = new RetryDelay();
    final RepeatedFailure failures = new RepeatedFailure();
    final List<CertificateListener> waiting = new ArrayList<>();

    /** Read by data loops. */
    volatile CertificateStatus.State state;

    Priority priority;
    Instant due;
    /** Whether the last attempt failed because the source did not answer. */
    boolean unreachable;

    IdentityEntry(Identity identity, long number, Priority priority, Instant due) {
        this.identity = identity;
        this.number = number;
        this.priority = priority;
        this.due = due;
        state = new CertificateStatus.State.Initializing(priority);
    }
}
