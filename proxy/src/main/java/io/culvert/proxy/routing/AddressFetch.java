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
 * <p>Who called is another matter: identities come with certificates, and the caller's workload only names it in
 * telemetry. A connection waits for that a moment, and then goes without.
 *
 * <p>{@link #fetch} is called on a data loop and answers on that loop, at once if it can. Of many connections to one
 * address one asks. A waiter belongs to its loop; only the questions are shared.
 */
public final class AddressFetch {

    /** Longer than it takes to find another control plane, shorter than applications wait. The original: for ever. */
    public static final long WAIT_SECONDS = 30;

    /** For a caller's names: half of what a health check commonly waits for its answer. The original: for ever. */
    public static final long CALLER_WAIT_MS = 500;

    private final MeshState mesh;
    private final Optional<OnDemand> source;
    private final ConcurrentHashMap<NetworkAddress, Question> questions = new ConcurrentHashMap<>();

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
     * @param clientNamespace sees only what it may see: another's private service is asked for like an unknown one;
     *     null sees everything
     * @param loop the caller's own
     */
    public void fetch(NetworkAddress address, @Nullable String clientNamespace, EventExecutor loop, Listener listener) {
        if (source.isEmpty() || isKnown(address, clientNamespace)) {
            listener.fetched();
            return;
        }
        ask(source.get(), new Waiter(address, loop, listener), TimeUnit.SECONDS.toMillis(WAIT_SECONDS));
    }

    /**
     * Whether {@link #fetchCaller} would learn anything: nobody knows the workload at this address, and nobody has
     * waited in vain for the answer to this very question.
     */
    public boolean mustAskForCaller(String network, IpAddress caller) {
        if (source.isEmpty() || mesh.snapshot().workloadByAddress(network, caller) != null) {
            return false;
        }
        Question open = questions.get(new NetworkAddress(network, caller));
        return open == null || !open.overdue;
    }

    /**
     * Goes on when it is known who has this address, or after {@link #CALLER_WAIT_MS}.
     *
     * @param loop the caller's own
     */
    public void fetchCaller(NetworkAddress address, EventExecutor loop, Runnable then) {
        if (source.isEmpty()) {
            then.run();
            return;
        }
        Listener either = new Listener() {
            @Override
            public void fetched() {
                then.run();
            }

            @Override
            public void failed(ProxyError error) {
                then.run();
            }
        };
        ask(source.get(), new Waiter(address, loop, either), CALLER_WAIT_MS);
    }

    private void ask(OnDemand demands, Waiter waiter, long waitMs) {
        waiter.arm(waitMs);
        boolean[] first = new boolean[1];
        questions.compute(waiter.address, (key, asked) -> {
            first[0] = asked == null;
            Question question = asked == null ? new Question() : asked;
            question.waiters.add(waiter);
            return question;
        });
        if (first[0]) {
            demands.demand(waiter.address.toString(), new Answer(waiter.address));
        }
    }

    private boolean isKnown(NetworkAddress address, @Nullable String clientNamespace) {
        MeshSnapshot snapshot = mesh.snapshot();
        String network = address.network();
        IpAddress ip = address.address();
        return snapshot.workloadByAddress(network, ip) != null
                || snapshot.serviceByVip(network, ip, clientNamespace) != null;
    }

    /** Connections that wait now. */
    public int waiting() {
        return questions.values().stream()
                .mapToInt(question -> question.waiters.size())
                .sum();
    }

    private void answered(NetworkAddress address, @Nullable ProxyError error) {
        Question question = questions.remove(address);
        if (question != null) {
            question.waiters.forEach(waiter -> waiter.loop.execute(() -> waiter.settle(error)));
        }
    }

    /** Stays while it is open, so that nobody asks it again, whether or not somebody still waits. */
    private static final class Question {
        private final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();
        /** Somebody has given up waiting. */
        private volatile boolean overdue;
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

        void arm(long waitMs) {
            timer = loop.schedule(this::expire, waitMs, TimeUnit.MILLISECONDS);
        }

        private void expire() {
            questions.computeIfPresent(address, (key, question) -> {
                question.waiters.remove(this);
                question.overdue = true;
                return question;
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
