package io.culvert.proxy;

import io.culvert.proxy.inpod.PodProxy;
import io.culvert.proxy.inpod.SharedPorts;
import io.culvert.proxy.lifecycle.DrainMode;
import io.culvert.proxy.pod.Pod;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.rbac.PodConnections;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.Listener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The running proxy of one pod: its listeners on one loop, which deals connections out to all loops and answers DNS
 * itself.
 *
 * <p>Stopping runs in two steps, so that a connection under way between loops is met by the second: first the listeners
 * close, on their loop; then, posted from there and so behind every connection that was dealt out, each loop's share
 * ends. At a graceful end a listener first takes what waits in its queue; where another generation of the proxy has the
 * same port, it stays for what was on its way here ({@link SharedPorts}).
 */
final class PodServer implements PodProxy {

    /** Nobody takes longer for the last step of a handshake to a host that answers at all, unless packets are lost. */
    static final long LEAVE_QUIET_MS = 200;

    /** Of a drain's deadline, which is seconds. */
    static final long LEAVE_MOST_MS = 2_000;

    private final Pod pod;
    private final List<PodLoop> shares;
    private final DataLoop listening;
    private final SharedPorts ports;
    private final List<Listener> listeners = new ArrayList<>();

    private PodServer(Pod pod, List<PodLoop> shares, DataLoop listening, SharedPorts ports) {
        this.ports = ports;
        this.pod = pod;
        this.shares = shares;
        this.listening = listening;
    }

    /**
     * Begins to serve listeners, which it owns from here on.
     *
     * @param shares one for each loop, in the order of the loops
     */
    static PodServer start(Pod pod, List<PodLoop> shares, DataLoop listening, PodListeners bound) {
        PodServer server = new PodServer(pod, shares, listening, bound.ports());
        bound.serveNames(shares.get(listening.index()));
        bound.handOver().forEach(server::serve);
        return server;
    }

    private void serve(PodListeners.Bound bound) {
        int fd = bound.listener().fd().release();
        List<DataLoop> targets = shares.stream().map(PodLoop::loop).toList();
        listening.post(() -> listeners.add(Listener.start(listening, targets, fd, (socket, peer) -> {
            PodLoop share = shares.get(socket.loop().index());
            if (share.isOpen()) {
                bound.taker().accept(share, socket, peer);
            } else {
                socket.reset();
            }
        })));
    }

    @Override
    public void stop(DrainMode mode, Runnable finished) {
        // The kernel is asked here, and not on a loop.
        List<SharedPorts.Heir> heirs = switch (mode) {
            case GRACEFUL -> ports.heirs();
            case IMMEDIATE -> List.of();
        };
        listening.post(() -> stopListening(mode, heirs, finished));
    }

    private void stopListening(DrainMode mode, List<SharedPorts.Heir> heirs, Runnable finished) {
        switch (mode) {
            case IMMEDIATE -> {
                listeners.forEach(Listener::close);
                endShares(mode, finished);
            }
            case GRACEFUL -> {
                AtomicInteger open = new AtomicInteger(listeners.size());
                for (int i = 0; i < listeners.size(); i++) {
                    SharedPorts.Heir heir = i < heirs.size() ? heirs.get(i) : SharedPorts.Heir.NONE;
                    leave(listeners.get(i), heir, () -> {
                        if (open.decrementAndGet() == 0) {
                            endShares(mode, finished);
                        }
                    });
                }
            }
        }
    }

    private static void leave(Listener listener, SharedPorts.Heir heir, Runnable closed) {
        if (!heir.exists()) {
            listener.closeServed();
            closed.run();
            return;
        }
        heir.place().ifPresent(listener::steerTo);
        listener.leave(LEAVE_QUIET_MS, LEAVE_MOST_MS, closed);
    }

    private void endShares(DrainMode mode, Runnable finished) {
        AtomicInteger left = new AtomicInteger(shares.size());
        Runnable emptied = () -> {
            if (left.decrementAndGet() == 0) {
                finished.run();
            }
        };
        for (PodLoop share : shares) {
            share.loop().post(() -> end(share, mode, emptied));
        }
    }

    private static void end(PodLoop share, DrainMode mode, Runnable emptied) {
        switch (mode) {
            case GRACEFUL -> share.drain(emptied);
            case IMMEDIATE -> share.stop(EndReason.POD_REMOVED, emptied);
        }
    }

    @Override
    public PodConnections connections() {
        return pod.connections();
    }
}
