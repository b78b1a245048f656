package io.culvert.testkit.mesh;

import com.google.protobuf.InvalidProtocolBufferException;
import io.culvert.linux.Fd;
import io.culvert.linux.Netns;
import io.culvert.linux.SeqpacketListener;
import io.culvert.linux.SeqpacketSocket;
import io.culvert.proto.zds.AddWorkload;
import io.culvert.proto.zds.DelWorkload;
import io.culvert.proto.zds.SnapshotSent;
import io.culvert.proto.zds.WorkloadInfo;
import io.culvert.proto.zds.WorkloadRequest;
import io.culvert.proto.zds.WorkloadResponse;
import io.culvert.testkit.spec.PodSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent's side of ZDS, for meshes that run without an agent: hands pods' namespaces to the node's proxy, one
 * request and one answer at a time, and everything anew to a proxy that connects. A newer connection replaces the older
 * one.
 *
 * <p>Guarded by its own lock, which is held during an exchange: a proxy that does not answer costs the caller five
 * seconds.
 */
final class ZdsServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ZdsServer.class);

    /** ztunnel: src/inpod/protocol.rs, both ends' buffer. */
    private static final int RECORD_BYTES_MAX = 1024;

    /** istio-cni: cni/pkg/nodeagent/ztunnelserver.go, its deadline for an answer. */
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(5);

    private final SeqpacketListener listener;
    private final Map<String, Enrolled> pods = new LinkedHashMap<>();
    private @Nullable SeqpacketSocket proxy;
    private boolean closed;

    private ZdsServer(SeqpacketListener listener) {
        this.listener = listener;
    }

    static ZdsServer listen(Path socket) throws IOException {
        ZdsServer server = new ZdsServer(SeqpacketListener.listen(socket));
        var _ = Thread.ofPlatform().daemon().name("testkit-zds").start(server::acceptLoop);
        return server;
    }

    /** Whether a proxy took the snapshot and is still thought to be there. */
    synchronized boolean isConnected() {
        return proxy != null;
    }

    /** Hands a pod over; without a proxy it goes into the next one's snapshot. */
    synchronized void add(PodSpec pod, Netns netns) throws IOException {
        Enrolled enrolled = new Enrolled(addRequest(pod), netns);
        pods.put(pod.uid(), enrolled);
        if (proxy != null) {
            exchange(proxy, enrolled.request(), enrolled.netns().fd());
        }
    }

    /** Takes a pod back; its namespace handle is not used afterwards. */
    synchronized void remove(PodSpec pod) throws IOException {
        pods.remove(pod.uid());
        if (proxy != null) {
            DelWorkload del = DelWorkload.newBuilder().setUid(pod.uid()).build();
            exchange(proxy, WorkloadRequest.newBuilder().setDel(del).build());
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            dropProxy();
        }
        listener.close();
    }

    private void acceptLoop() {
        while (true) {
            try {
                SeqpacketSocket connection = listener.accept();
                if (!greet(connection)) {
                    return;
                }
            } catch (IOException end) {
                log.debug("ZDS listener ended: {}", end.getMessage());
                return;
            }
        }
    }

    /** Reads the hello and sends the snapshot; false when this server is closed. */
    private synchronized boolean greet(SeqpacketSocket connection) {
        dropProxy();
        if (closed) {
            connection.close();
            return false;
        }
        try {
            byte[] hello = connection.receive(RECORD_BYTES_MAX, ANSWER_LIMIT).bytes();
            log.debug("proxy said hello with {} bytes", hello.length);
            for (Enrolled pod : pods.values()) {
                addToSnapshot(connection, pod);
            }
            exchange(
                    connection,
                    WorkloadRequest.newBuilder()
                            .setSnapshotSent(SnapshotSent.getDefaultInstance())
                            .build());
            proxy = connection;
        } catch (IOException failure) {
            log.warn("ZDS snapshot failed, connection dropped: {}", failure.getMessage());
            connection.close();
        }
        return true;
    }

    private void addToSnapshot(SeqpacketSocket connection, Enrolled pod) throws IOException {
        try {
            exchange(connection, pod.request(), pod.netns().fd());
        } catch (RefusedException refusal) {
            log.warn("{}; it tries again by itself", refusal.getMessage());
        }
    }

    private void exchange(SeqpacketSocket connection, WorkloadRequest request, Fd... fds) throws IOException {
        WorkloadResponse response;
        try {
            connection.send(request.toByteArray(), fds);
            response = answer(connection);
        } catch (IOException failure) {
            if (connection.equals(proxy)) {
                dropProxy(); // Its next connection gets a snapshot.
            }
            throw failure;
        }
        String error = response.getAck().getError();
        if (!error.isEmpty()) {
            throw new RefusedException("proxy refused " + request.getPayloadCase() + ": " + error);
        }
    }

    private static WorkloadResponse answer(SeqpacketSocket connection) throws IOException {
        SeqpacketSocket.Record record = connection.receive(RECORD_BYTES_MAX, ANSWER_LIMIT);
        record.closeFds();
        if (record.isEnd()) {
            throw new IOException("proxy closed the ZDS connection instead of answering");
        }
        try {
            return WorkloadResponse.parseFrom(record.bytes());
        } catch (InvalidProtocolBufferException malformed) {
            throw new IOException("proxy's answer is no WorkloadResponse", malformed);
        }
    }

    private void dropProxy() {
        if (proxy != null) {
            proxy.close();
            proxy = null;
        }
    }

    private static WorkloadRequest addRequest(PodSpec pod) {
        WorkloadInfo info = WorkloadInfo.newBuilder()
                .setName(pod.name())
                .setNamespace(pod.namespace())
                .setServiceAccount(pod.serviceAccount())
                .build();
        return WorkloadRequest.newBuilder()
                .setAdd(AddWorkload.newBuilder().setUid(pod.uid()).setWorkloadInfo(info))
                .build();
    }

    /** The proxy answered, and its answer is no: the connection is as good as before. */
    private static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1;

        RefusedException(String message) {
            super(message);
        }
    }

    private record Enrolled(WorkloadRequest request, Netns netns) {}
}
