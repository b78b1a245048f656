package io.culvert.proxy.inpod;

import io.culvert.linux.SeqpacketSocket;
import io.culvert.proto.zds.Ack;
import io.culvert.proto.zds.Version;
import io.culvert.proto.zds.WorkloadResponse;
import io.culvert.proto.zds.ZdsHello;
import io.culvert.proxy.lifecycle.Drain;
import io.culvert.proxy.lifecycle.DrainMode;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The session with the node agent (ztunnel inpod/workloadmanager.rs): connect, say hello, then answer each request with
 * exactly one response, for ever. Nothing else is ever sent: the agent takes any unasked byte for the end.
 *
 * <p>Runs on one platform thread of its own, {@code culvert-zds}, because receiving blocks and namespaces are entered.
 * A drain is asked for from another thread, which wakes it. Connecting is tried for ever, 20 ms after the first failure
 * and twice as long after each further one, to 15 s.
 */
public final class ZdsClient implements Drain.Participant {

    /** What the original receives at most, and what the agent relies on. */
    static final int RECORD_BYTES_MAX = 1024;

    /** The agent's own buffer holds 1,024 bytes, and its frame is a few of them. */
    static final int ERROR_CHARS_MAX = 900;

    static final Duration RETRY_PENDING_AFTER = Duration.ofSeconds(5);
    private static final Duration CONNECT_BACKOFF_MIN = Duration.ofMillis(10);
    private static final Duration CONNECT_BACKOFF_MAX = Duration.ofSeconds(15);

    private static final Logger log = LoggerFactory.getLogger(ZdsClient.class);

    private final Path socketPath;
    private final WorkloadManager workloads;
    private final LongSupplier ticker;
    private final Thread thread;

    private volatile @Nullable DrainMode drainMode;
    private volatile Runnable drained = () -> {};
    private volatile @Nullable SeqpacketSocket connection;

    /** When pending pods are to be tried again; meaningful while {@link #retryArmed}. */
    private long retryAtNanos;

    private boolean retryArmed;
    private Duration connectBackoff = CONNECT_BACKOFF_MIN;

    /**
     * A session that begins with {@link #start}.
     *
     * @param ticker nanoseconds of a monotonic clock
     */
    public ZdsClient(Path socketPath, WorkloadManager workloads, LongSupplier ticker) {
        this.socketPath = socketPath;
        this.workloads = workloads;
        this.ticker = ticker;
        this.thread = Thread.ofPlatform().name("culvert-zds").unstarted(this::run);
    }

    /**
     * Begins; to be called once the first state of the mesh is known, so that no pod is captured before its policies
     * are.
     */
    public void start() {
        thread.start();
    }

    @Override
    public void drain(DrainMode mode, Runnable finished) {
        drained = finished;
        drainMode = mode;
        if (thread.getState() == Thread.State.NEW) {
            finished.run();
            return;
        }
        SeqpacketSocket current = connection;
        if (current != null) {
            current.shutdown();
        }
        LockSupport.unpark(thread);
    }

    private void run() {
        while (drainMode == null) {
            SeqpacketSocket socket = connect();
            if (socket == null) {
                continue;
            }
            try (socket) {
                connection = socket;
                session(socket);
            } catch (IOException e) {
                log.error("announce error: {}", e.getMessage());
                pause(backOff());
            } finally {
                connection = null;
                workloads.disconnected();
            }
        }
        log.info("drain requested");
        endPods();
    }

    /** Passes the drain on; comes back for the hastening that may follow. */
    private void endPods() {
        DrainMode told = drainMode == null ? DrainMode.IMMEDIATE : drainMode;
        DrainOnce allStopped = new DrainOnce();
        workloads.stopAll(told, allStopped);
        while (!allStopped.done) {
            DrainMode asked = drainMode;
            if (asked == DrainMode.IMMEDIATE && told != asked) {
                told = asked;
                workloads.hasten();
            }
            LockSupport.parkNanos(this, Duration.ofMillis(100).toNanos());
        }
        drained.run();
    }

    private final class DrainOnce implements Runnable {
        private volatile boolean done;

        @Override
        public void run() {
            done = true;
            LockSupport.unpark(thread);
        }
    }

    private @Nullable SeqpacketSocket connect() {
        try {
            SeqpacketSocket socket = SeqpacketSocket.connect(socketPath);
            log.info("handling new stream");
            return socket;
        } catch (IOException e) {
            Duration wait = backOff();
            log.debug("failed to connect to the node agent at {}, again in {}: {}", socketPath, wait, e.getMessage());
            pause(wait);
            return null;
        }
    }

    private Duration backOff() {
        Duration doubled = connectBackoff.multipliedBy(2);
        connectBackoff = doubled.compareTo(CONNECT_BACKOFF_MAX) > 0 ? CONNECT_BACKOFF_MAX : doubled;
        return connectBackoff;
    }

    /** Pods that are pending go on being retried while nobody is there to talk to. */
    private void pause(Duration wait) {
        long until = ticker.getAsLong() + wait.toNanos();
        while (drainMode == null && until - ticker.getAsLong() > 0) {
            LockSupport.parkNanos(this, until - ticker.getAsLong());
        }
    }

    private void session(SeqpacketSocket socket) throws IOException {
        workloads.connected();
        socket.send(ZdsHello.newBuilder().setVersion(Version.V1).build().toByteArray());
        connectBackoff = CONNECT_BACKOFF_MIN;
        while (drainMode == null) {
            retryIfDue();
            Reply reply;
            try {
                SeqpacketSocket.Record record = socket.receive(RECORD_BYTES_MAX, 1, untilRetry());
                if (record.isEnd()) {
                    log.info("process stream ended with eof");
                    return;
                }
                reply = workloads.handle(ZdsRequest.parse(record));
            } catch (SocketTimeoutException retryDue) {
                continue;
            } catch (ZdsRequest.WrongDescriptorException e) {
                reply = new Reply.WrongDescriptor(String.valueOf(e.getMessage()));
            } catch (IOException e) {
                reply = new Reply.Unreadable(String.valueOf(e.getMessage()));
            }
            acknowledge(socket, reply);
            if (reply.endsSession()) {
                return;
            }
        }
    }

    private void retryIfDue() {
        if (!workloads.hasPending()) {
            retryArmed = false;
        } else if (!retryArmed) {
            retryArmed = true;
            retryAtNanos = ticker.getAsLong() + RETRY_PENDING_AFTER.toNanos();
        } else if (retryAtNanos - ticker.getAsLong() <= 0) {
            retryArmed = false;
            workloads.retryPending();
            retryIfDue();
        }
    }

    /** How long to wait for a record before pending pods are due; null: for ever. */
    private @Nullable Duration untilRetry() {
        return retryArmed ? Duration.ofNanos(Math.max(0, retryAtNanos - ticker.getAsLong())) : null;
    }

    private static void acknowledge(SeqpacketSocket socket, Reply reply) throws IOException {
        String error = reply.error();
        if (!error.isEmpty()) {
            log.error("nack to the node agent: {}; {}", error, reply.remedy());
        }
        String bounded = error.length() > ERROR_CHARS_MAX ? error.substring(0, ERROR_CHARS_MAX) : error;
        String plain = new String(bounded.getBytes(StandardCharsets.US_ASCII), StandardCharsets.US_ASCII);
        WorkloadResponse response = WorkloadResponse.newBuilder()
                .setAck(Ack.newBuilder().setError(plain))
                .build();
        socket.send(response.toByteArray());
    }
}
