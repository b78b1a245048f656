package io.culvert.proxy.routing;

import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.OnDemand;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.NetworkAddress;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sees to it that what can be known of an address is known before a decision is taken about it (ztunnel state.rs:
 * fetch_address). Where the whole mesh is followed, it is; with XDS_ON_DEMAND the control plane is asked and the
 * connection waits. Deciding without the answer would send plain text to a workload that must be reached by tunnel.
 *
 * <p>{@link #fetch} is called on a data loop and answers on that loop, at once if it can. Of many connections to one
 * address one asks. A waiter belongs to its loop; only the sets of them are shared.
 */
public final class AddressFetch {

    /** Longer than it takes to find another control plane, shorter than applications wait. The original: for ever. */
    public static final long WAIT_SECONDS = 30;

    private final MeshState mesh;
    private final Optional<OnDemand> source;
    private final ConcurrentHashMap<NetworkAddress, Set<Waiter>> waiting = new ConcurrentHashMap<>();

    /**
     * For one process.
     *
     * @param source empty: the whole mesh is followed
     */
    public AddressFetch(MeshState mesh, Optional<OnDemand> source) {
        this.mesh = mesh;
        this.source = source;
    }

    /** Takes the answer, on the loop that asked. */
    public interface Listener {
        /** Whatever is known of the address is in the mesh state; that may be nothing. */
        void fetched();

        void failed(ProxyError error);
    }

    /**
     * Answers at once if the address is known, else when the control plane has answered or the wait is over. The answer
     * may come before this returns.
     *
     * @param clientNamespace sees only what it may see: another's private service is asked for like an unknown one
     * @param loop the caller's own
     */
    public void fetch(NetworkAddress address, String clientNamespace, EventExecutor loop, Listener listener) {
        if (source.isEmpty() || isKnown(address, clientNamespace)) {
            listener.fetched();
            return;
        }
        Waiter waiter = new Waiter(address, loop, listener);
        waiter.arm();
        boolean[] first = new boolean[1];
        waiting.compute(address, (key, others) -> {
            first[0] = others == null;
            Set<Waiter> all = others == null ? ConcurrentHashMap.newKeySet() : others;
            all.add(waiter);
            return all;
        });
        if (first[0]) {
            source.get().demand(address.toString(), new Answer(address));
        }
    }

    private boolean isKnown(NetworkAddress address, String clientNamespace) {
        MeshSnapshot snapshot = mesh.snapshot();
        String network = address.network();
        IpAddress ip = address.address();
        return snapshot.workloadByAddress(network, ip) != null
                || snapshot.serviceByVip(network, ip, clientNamespace) != null;
    }

    /** Connections that wait now. */
    public int waiting() {
        return waiting.values().stream().mapToInt(Set::size).sum();
    }

    private void answered(NetworkAddress address, @Nullable ProxyError error) {
        Set<Waiter> all = waiting.remove(address);
        if (all != null) {
            all.forEach(waiter -> waiter.loop.execute(() -> waiter.settle(error)));
        }
    }

    private final class Answer implements OnDemand.Listener {
        private final NetworkAddress address;

        Answer(NetworkAddress address) {
            this.address = address;
        }

        @Override
        public void answered() {
            AddressFetch.this.answered(address, null);
        }

        @Override
        public void refused() {
            AddressFetch.this.answered(address, new ProxyError.AddressUnanswered(address.toString()));
        }
    }

    private final class Waiter {
        private final NetworkAddress address;
        private final EventExecutor loop;
        private final Listener listener;
        private @Nullable Future<?> timer;
        private boolean settled;

        Waiter(NetworkAddress address, EventExecutor loop, Listener listener) {
            this.address = address;
            this.loop = loop;
            this.listener = listener;
        }

        void arm() {
            timer = loop.schedule(this::expire, WAIT_SECONDS, TimeUnit.SECONDS);
        }

        private void expire() {
            waiting.computeIfPresent(address, (key, all) -> {
                all.remove(this);
                // The set stays while the question is open, so that nobody asks it again.
                return all;
            });
            settle(new ProxyError.AddressUnanswered(address.toString()));
        }

        private void settle(@Nullable ProxyError error) {
            if (settled) {
                return;
            }
            settled = true;
            if (timer != null) {
                timer.cancel(false);
            }
            if (error == null) {
                listener.fetched();
            } else {
                listener.failed(error);
            }
        }
    }
}
