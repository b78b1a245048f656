package io.culvert.agent.netns;

import io.culvert.linux.Fd;
import io.culvert.linux.Netns;
import io.culvert.linux.NetnsId;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One holder's claim on a pod's namespace. The cache, a step at work and a record on its way to the proxy each hold
 * their own; the descriptor is closed with the last of them. So a pod that leaves while its Add is being sent never
 * makes the descriptor's number mean something else. Any thread.
 */
public final class NetnsRef implements AutoCloseable {
    private final Shared shared;
    private final AtomicBoolean open = new AtomicBoolean(true);

    private NetnsRef(Shared shared) {
        this.shared = shared;
    }

    /** Takes ownership of the handle. */
    public static NetnsRef own(Netns netns) {
        return new NetnsRef(new Shared(netns, new AtomicInteger(1)));
    }

    /** Another claim, with an owner of its own. */
    public NetnsRef share() {
        if (!open.get()) {
            throw new IllegalStateException("claim on a network namespace is already given up");
        }
        shared.claims.incrementAndGet();
        return new NetnsRef(shared);
    }

    public Netns netns() {
        if (!open.get()) {
            throw new IllegalStateException("claim on a network namespace is already given up");
        }
        return shared.netns;
    }

    /** The descriptor, for passing to the proxy while this claim is held. */
    public Fd fd() {
        return netns().fd();
    }

    public NetnsId id() {
        return shared.netns.id();
    }

    @Override
    public void close() {
        if (open.compareAndSet(true, false) && shared.claims.decrementAndGet() == 0) {
            shared.netns.close();
        }
    }

    private record Shared(Netns netns, AtomicInteger claims) {}
}
