package io.culvert.testkit.demo;

import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.workload.HttpResult;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An application that never pauses, while pods move: one call to a service after another, each on a connection of its
 * own, and between them a word on a connection that stays open all the time. On a thread of its own.
 */
final class Traffic implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final MeshPod caller;
    private final InetSocketAddress service;
    private final SocketChannel lasting;
    private final Thread thread =
            Thread.ofPlatform().daemon().name("demo-traffic").unstarted(this::run);
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger words = new AtomicInteger();
    private volatile boolean over;

    private Traffic(MeshPod caller, InetSocketAddress service, SocketChannel lasting) {
        this.caller = caller;
        this.service = service;
        this.lasting = lasting;
    }

    /**
     * Begins, and returns when the first calls were answered, or failed.
     *
     * @param staying an echo server for the connection that lasts
     */
    static Traffic start(MeshPod caller, InetSocketAddress service, InetSocketAddress staying) throws IOException {
        Traffic traffic = new Traffic(caller, service, caller.tcp(LIMIT).connect(staying));
        traffic.thread.start();
        traffic.awaitCallInFlight();
        return traffic;
    }

    private void run() {
        while (!over) {
            try {
                HttpResult result = caller.http().get(service, "web", "/");
                if (!(result instanceof HttpResult.Reply reply) || reply.status() != 200) {
                    failures.add("call " + calls.get() + ": " + result);
                }
                calls.incrementAndGet();
                speak();
            } catch (IOException | RuntimeException broken) {
                failures.add(String.valueOf(broken));
                over = true;
            }
        }
    }

    private void speak() throws IOException {
        int word = words.get();
        lasting.write(ByteBuffer.allocate(Integer.BYTES).putInt(word).flip());
        byte[] echo = lasting.socket().getInputStream().readNBytes(Integer.BYTES);
        if (echo.length < Integer.BYTES || ByteBuffer.wrap(echo).getInt() != word) {
            throw new IOException("the lasting connection ended after " + word + " words");
        }
        words.incrementAndGet();
    }

    /** Returns when the call that is in flight now is over: what follows concerns later ones only. */
    void awaitCallInFlight() {
        int seen = calls.get();
        Await.untilTrue("the call in flight", LIMIT, () -> over || calls.get() > seen + 1, () -> "" + failures);
    }

    /** Calls so far, lost ones included. */
    int calls() {
        return calls.get();
    }

    /** Words that came back on the connection that lasts. */
    int words() {
        return words.get();
    }

    /** What went wrong; empty: nothing. */
    List<String> failures() {
        return List.copyOf(failures);
    }

    /** Ends with the call in flight. */
    @Override
    public void close() throws IOException {
        over = true;
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        lasting.close();
    }
}
