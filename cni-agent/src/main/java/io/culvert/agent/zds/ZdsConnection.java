package io.culvert.agent.zds;

import io.culvert.agent.netns.KnownPod;
import io.culvert.agent.netns.NetnsCache;
import io.culvert.linux.Fd;
import io.culvert.linux.SeqpacketSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connected proxy.
 *
 * <pre>
 *   phase      what happens                                          leaves by
 *   hello      waits for the proxy's first record, 5 s               hello → snapshot
 *   snapshot   Add or Keep per known pod, then SnapshotSent          last ack → live
 *   live       Add and Del as they come                              -
 *   any        EOF, error, answer late by 5 s, record unasked for    → ended
 * </pre>
 *
 * <p>Strictly one record at a time: each is answered by one record before the next is sent, and there is no number by
 * which to tell answers apart. So an answer that is late ends the connection: taking it for the answer to the next
 * record, as the original does, would report a pod as accepted that was not. The proxy connects again and gets a
 * snapshot.
 *
 * <p>The writer thread owns the phases; the reader thread delivers records to it and notices the end at once. {@link
 * #offer} may be called by any thread from the moment that the connection exists.
 */
final class ZdsConnection {
    private static final Logger log = LoggerFactory.getLogger(ZdsConnection.class);

    private final String name;
    private final SeqpacketSocket socket;
    private final NetnsCache pods;
    private final Duration answerTimeout;
    private final Consumer<ZdsConnection> onEnd;
    private final UpdateQueue queue = new UpdateQueue();
    private final AtomicBoolean ended = new AtomicBoolean();
    /** Whoever waits for the next record; the reader takes it out. The first is the wait for hello. */
    private final AtomicReference<@Nullable CompletableFuture<byte[]>> expected;

    private final CompletableFuture<byte[]> hello = new CompletableFuture<>();

    /**
     * Does nothing before {@link #start}.
     *
     * @param onEnd called once, by whichever thread notices the end
     */
    ZdsConnection(
            String name,
            SeqpacketSocket socket,
            NetnsCache pods,
            Duration answerTimeout,
            Consumer<ZdsConnection> onEnd) {
        this.name = name;
        this.socket = socket;
        this.pods = pods;
        this.answerTimeout = answerTimeout;
        this.onEnd = onEnd;
        this.expected = new AtomicReference<>(hello);
    }

    void start() {
        Thread.ofPlatform().name(name + "-read").daemon().start(this::read);
        Thread.ofPlatform().name(name).daemon().start(this::write);
    }

    /** Takes ownership where it returns true; false where the proxy has stopped answering or is gone. */
    boolean offer(Update update) {
        return queue.offer(update);
    }

    /** Ends the connection; whoever waits on it is told why. Any thread, any number of times. */
    void end(String reason) {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        ProxyException lost = new ProxyException("the node proxy's connection ended: " + reason);
        socket.close();
        CompletableFuture<byte[]> waiting = expected.getAndSet(null);
        if (waiting != null) {
            waiting.completeExceptionally(lost);
        }
        onEnd.accept(this);
        queue.close(lost);
        log.info("{} ended: {}", name, reason);
    }

    private void read() {
        try {
            while (true) {
                SeqpacketSocket.Record record = socket.receive(ZdsMessages.RECORD_BYTES_MAX, 0, null);
                if (record.isEnd()) {
                    end("the proxy closed it");
                    return;
                }
                CompletableFuture<byte[]> waiting = expected.getAndSet(null);
                if (waiting == null) {
                    end("the proxy sent a record that nothing asked for");
                    return;
                }
                waiting.complete(record.bytes());
            }
        } catch (IOException e) {
            end(String.valueOf(e.getMessage()));
        }
    }

    private void write() {
        try {
            log.info("{}: proxy speaks ZDS version {}", name, ZdsMessages.helloVersion(await(hello)));
            sendSnapshot();
            for (Update update = queue.take(); update != null; update = queue.take()) {
                deliver(update);
            }
        } catch (IOException e) {
            end(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            end("its thread was interrupted");
        }
    }

    private void sendSnapshot() throws IOException, InterruptedException {
        List<KnownPod> known = pods.snapshot();
        int sent = 0;
        try {
            for (KnownPod pod : known) {
                String error = switch (pod) {
                    case KnownPod.Found found ->
                        exchange(
                                ZdsMessages.add(found.uid(), found.identity()),
                                found.netns().fd());
                    case KnownPod.Missing missing -> exchange(ZdsMessages.keep(missing.uid()));
                };
                if (!error.isEmpty()) {
                    // The proxy keeps such a pod pending and tries again by itself; it is not ready meanwhile.
                    log.warn("{}: pod {} of the snapshot was refused: {}", name, pod.uid(), error);
                }
                sent++;
            }
        } finally {
            known.forEach(pod -> {
                if (pod instanceof KnownPod.Found found) {
                    found.netns().close();
                }
            });
        }
        String error = exchange(ZdsMessages.snapshotSent());
        log.info("{}: snapshot of {} pods sent{}", name, sent, error.isEmpty() ? "" : ", and refused: " + error);
    }

    private void deliver(Update update) throws IOException, InterruptedException {
        try (update) {
            String error = switch (update) {
                case Update.Add add ->
                    exchange(
                            ZdsMessages.add(add.uid(), add.identity()),
                            add.netns().fd());
                case Update.Remove remove -> exchange(ZdsMessages.remove(remove.uid()));
            };
            update.answer().complete(error);
        } catch (IOException e) {
            update.answer().completeExceptionally(e);
            throw e;
        }
    }

    /** Sends one record and waits for its answer; the text is empty for success. */
    private String exchange(byte[] record, Fd... fds) throws IOException, InterruptedException {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        expected.set(answer);
        if (ended.get()) {
            throw new ProxyException("the node proxy's connection has ended");
        }
        socket.send(record, fds);
        return ZdsMessages.answerError(await(answer));
    }

    private byte[] await(CompletableFuture<byte[]> record) throws IOException, InterruptedException {
        try {
            return record.get(answerTimeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new ProxyException(
                    "the node proxy did not answer within " + answerTimeout.toMillis() + " ms; it connects again", e);
        } catch (ExecutionException e) {
            throw ProxyException.elsewhere(e);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
