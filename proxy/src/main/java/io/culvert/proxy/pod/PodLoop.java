package io.culvert.proxy.pod;

import io.culvert.proxy.hbone.HbonePool;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.routing.Ejections;
import io.culvert.proxy.tls.TlsContexts;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A pod's share of one data loop: its pool, and its living members.
 *
 * <pre>
 *   OPEN --drain--> DRAINING (takes nothing new, waits for its members) --last member left--> EMPTY
 *     \------------------stop--> STOPPED (members ended at once) ---------------------------> EMPTY
 * </pre>
 */
public final class PodLoop {

    private enum State {
        OPEN,
        DRAINING,
        STOPPED
    }

    private final Pod pod;
    private final DataLoop loop;
    private final TlsContexts tls;
    private final HbonePool pool;
    private final RandomGenerator random;
    private final Ejections ejections;
    private final Set<PodMember> members = Collections.newSetFromMap(new IdentityHashMap<>());
    private State state = State.OPEN;
    private @Nullable Runnable onEmpty;

    public PodLoop(
            Pod pod, DataLoop loop, TlsContexts tls, HbonePool pool, RandomGenerator random, Ejections ejections) {
        this.pod = pod;
        this.loop = loop;
        this.tls = tls;
        this.pool = pool;
        this.random = random;
        this.ejections = ejections;
    }

    public Pod pod() {
        return pod;
    }

    public Services services() {
        return pod.services();
    }

    public DataLoop loop() {
        return loop;
    }

    public TlsContexts tls() {
        return tls;
    }

    /** The pod's outbound tunnels on this loop. */
    public HbonePool pool() {
        return pool;
    }

    /** For load balancing and trace ids; this loop's own. */
    public RandomGenerator random() {
        return random;
    }

    /** Endpoints that could not be reached lately; this loop's, of all its pods. */
    public Ejections ejections() {
        return ejections;
    }

    /** Whether connections are still taken. One that was accepted on its way here may come late. */
    public boolean isOpen() {
        return state == State.OPEN;
    }

    /** Counts the member in, until it {@link #leave}s. */
    public void enter(PodMember member) {
        loop.checkOwner();
        members.add(member);
    }

    /** More than once does nothing. */
    public void leave(PodMember member) {
        loop.checkOwner();
        if (members.remove(member)) {
            settle();
        }
    }

    /**
     * Takes nothing new, asks members to end. {@code empty} runs on the loop when the last has left; the first call's
     * is kept.
     */
    public void drain(Runnable empty) {
        begin(State.DRAINING, empty);
        List.copyOf(members).forEach(PodMember::drain);
        settle();
    }

    /** Ends every member. */
    public void stop(EndReason reason, Runnable empty) {
        begin(State.STOPPED, empty);
        List<PodMember> all = List.copyOf(members);
        all.stream().filter(member -> !member.isCarrier()).forEach(member -> member.stop(reason));
        all.stream().filter(PodMember::isCarrier).forEach(member -> member.stop(reason));
        pool.close(reason);
        settle();
    }

    public int memberCount() {
        return members.size();
    }

    private void begin(State next, Runnable empty) {
        loop.checkOwner();
        if (state.compareTo(next) < 0) {
            state = next;
        }
        if (onEmpty == null) {
            onEmpty = empty;
        }
    }

    private void settle() {
        Runnable told = onEmpty;
        if (told != null && state != State.OPEN && members.isEmpty()) {
            onEmpty = () -> {};
            pool.drain();
            told.run();
        }
    }
}
