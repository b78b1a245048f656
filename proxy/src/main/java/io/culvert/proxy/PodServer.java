package io.culvert.proxy;

import io.culvert.proxy.inpod.PodProxy;
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
 * The running proxy of one pod: its listeners on one loop, which deals connections out to all loops.
 *
 * <p>Stopping runs in two steps, so that a connection under way between loops is met by the second: first the listeners
 * close, on their loop; then, posted from there and so behind every connection that was dealt out, each loop's share
 * ends.
 */
final class PodServer implements PodProxy {

    private final Pod pod;
    private final List<PodLoop> shares;
    private final DataLoop listening;
    private final List<Listener> listeners = new ArrayList<>();

    private PodServer(Pod pod, List<PodLoop> shares, DataLoop listening) {
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
        PodServer server = new PodServer(pod, shares, listening);
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
        AtomicInteger left = new AtomicInteger(shares.size());
        Runnable emptied = () -> {
            if (left.decrementAndGet() == 0) {
                finished.run();
            }
        };
        listening.post(() -> {
            listeners.forEach(Listener::close);
            listeners.clear();
            for (PodLoop share : shares) {
                share.loop().post(() -> end(share, mode, emptied));
            }
        });
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
