package io.culvert.e2e.control;

import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** One connection after the other from a pod to another, in a thread of its own, and how each ended. */
final class Caller implements AutoCloseable {
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);

    private final MeshPod from;
    private final InetSocketAddress to;
    private final AtomicLong answered = new AtomicLong();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final Thread thread;
    private volatile boolean stopped;

    private Caller(MeshPod from, InetSocketAddress to) {
        this.from = from;
        this.to = to;
        this.thread = Thread.ofPlatform().name("e2e-caller").unstarted(this::call);
    }

    static Caller start(MeshPod from, InetSocketAddress to) {
        Caller caller = new Caller(from, to);
        caller.thread.start();
        return caller;
    }

    private void call() {
        while (!stopped) {
            try {
                TcpResult result = from.tcp().exchange(to, PING);
                if (result instanceof TcpResult.Answered) {
                    answered.incrementAndGet();
                } else {
                    failures.add(result.toString());
                }
            } catch (IOException e) {
                failures.add(e.toString());
            }
        }
    }

    long answered() {
        return answered.get();
    }

    List<String> failures() {
        return List.copyOf(failures);
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
