package io.culvert.agent.zds;

import io.culvert.agent.netns.NetnsCache;
import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.netns.WorkloadIdentity;
import io.culvert.agent.pod.PodUid;
import io.culvert.linux.PeerCredentials;
import io.culvert.linux.SeqpacketListener;
import io.culvert.linux.SeqpacketSocket;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for node proxies [istio cni/pkg/nodeagent/ztunnelserver.go]. An Add goes to the proxy that connected last, a
 * Del to all, and each gets a snapshot when it connects: that is how one proxy replaces another without a gap.
 *
 * <p>The list of connections is guarded by a lock that is never held while waiting. Callers of {@link #add} wait at
 * most {@link #ANSWER_TIMEOUT}; those of {@link #remove} as long for each proxy.
 */
public final class ZdsServer implements NodeProxies, AutoCloseable {
    /** The proxy's time to answer one record, and a caller's patience. The CNI plugin waits one second longer. */
    public static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);

    /** More proxies than any upgrade needs; beyond, a newcomer is turned away. */
    private static final int CONNECTIONS_MAX = 8;

    private static final Logger log = LoggerFactory.getLogger(ZdsServer.class);

    private final SeqpacketListener listener;
    private final NetnsCache pods;
    private final Duration answerTimeout;
    /** Oldest first. */
    private final List<ZdsConnection> connections = new ArrayList<>();

    private long accepted;
    private boolean closed;

    private ZdsServer(SeqpacketListener listener, NetnsCache pods, Duration answerTimeout) {
        this.listener = listener;
        this.pods = pods;
        this.answerTimeout = answerTimeout;
    }

    /**
     * Binds the socket. Nothing is accepted before {@link #start()}, so that no proxy gets a snapshot of a cache that
     * is not yet filled and drops its pods.
     *
     * @param path a stale socket file is replaced; the directory must exist
     */
    public static ZdsServer listen(Path path, NetnsCache pods) throws IOException {
        return listen(path, pods, ANSWER_TIMEOUT);
    }

    static ZdsServer listen(Path path, NetnsCache pods, Duration answerTimeout) throws IOException {
        return new ZdsServer(SeqpacketListener.listen(path), pods, answerTimeout);
    }

    /** Begins to accept proxies. */
    public void start() {
        Thread.ofPlatform().name("zds-accept").daemon().start(this::accept);
    }

    private void accept() {
        while (true) {
            try {
                register(listener.accept());
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                // Out of descriptors, most likely. The proxy tries again; we must not stop listening.
                log.error("a node proxy could not be accepted: {}", e.toString());
            }
        }
    }

    /** Into the list before hello is read, so that no change falls between snapshot and list. */
    private void register(SeqpacketSocket socket) throws IOException {
        PeerCredentials peer;
        try {
            peer = socket.peerCredentials();
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        ZdsConnection connection;
        synchronized (connections) {
            if (closed || connections.size() == CONNECTIONS_MAX) {
                log.warn("a node proxy (pid {}) was turned away: {} are connected", peer.pid(), connections.size());
                socket.close();
                return;
            }
            connection = new ZdsConnection("zds-" + ++accepted, socket, pods, answerTimeout, this::forget);
            connections.add(connection);
        }
        log.info("{}: a node proxy connected (pid {}, uid {})", connection, peer.pid(), peer.uid());
        connection.start();
    }

    private void forget(ZdsConnection connection) {
        synchronized (connections) {
            connections.remove(connection);
        }
    }

    /** How many proxies are connected. */
    public int connected() {
        synchronized (connections) {
            return connections.size();
        }
    }

    private @Nullable ZdsConnection newest() {
        synchronized (connections) {
            return connections.isEmpty() ? null : connections.getLast();
        }
    }

    @Override
    public void add(PodUid uid, WorkloadIdentity identity, NetnsRef netns) throws ProxyException {
        ZdsConnection newest = newest();
        if (newest == null) {
            throw new ProxyException("no node proxy is connected");
        }
        Update.Add update = new Update.Add(uid, identity, netns.share(), new CompletableFuture<>());
        if (!newest.offer(update)) {
            update.close();
            throw new ProxyException(
                    "the node proxy does not keep up: " + UpdateQueue.LENGTH_MAX + " changes wait for it");
        }
        String error = answer(update);
        if (!error.isEmpty()) {
            throw new ProxyException("the node proxy refused the pod: " + error);
        }
    }

    @Override
    public void remove(PodUid uid) {
        List<ZdsConnection> all;
        synchronized (connections) {
            all = List.copyOf(connections);
        }
        for (ZdsConnection connection : all) {
            Update.Remove update = new Update.Remove(uid, new CompletableFuture<>());
            if (!connection.offer(update)) {
                connection.end("it does not keep up: " + UpdateQueue.LENGTH_MAX + " changes wait for it");
                continue;
            }
            try {
                String ignored = answer(update);
                log.debug("{}: pod {} removed {}", connection, uid, ignored);
            } catch (ProxyException e) {
                log.debug("{}: removal of pod {} not confirmed: {}", connection, uid, e.getMessage());
            }
        }
    }

    private String answer(Update update) throws ProxyException {
        try {
            return update.answer().get(answerTimeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new ProxyException("the node proxy did not answer within " + answerTimeout.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            throw ProxyException.elsewhere(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProxyException("the agent is stopping", e);
        }
    }

    /** Stops listening and ends every connection; proxies keep serving their pods. */
    @Override
    public void close() {
        List<ZdsConnection> all;
        synchronized (connections) {
            closed = true;
            all = List.copyOf(connections);
        }
        listener.close();
        all.forEach(connection -> connection.end("the agent is stopping"));
    }
}
