package io.culvert.agent.zds;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Changes that wait for one connection. It takes them from the moment the connection exists, so that what happens while
 * hello and snapshot are under way is delivered after them. Any thread.
 */
final class UpdateQueue {
    /** As the original's channel. A proxy that leaves so many unanswered has stopped. */
    static final int LENGTH_MAX = 100;

    private final ArrayDeque<Update> waiting = new ArrayDeque<>();
    private boolean closed;

    /** Takes ownership where it returns true; false where the queue is full or closed. */
    synchronized boolean offer(Update update) {
        if (closed || waiting.size() == LENGTH_MAX) {
            return false;
        }
        waiting.add(update);
        notifyAll();
        return true;
    }

    /** Waits for the next one; null once closed. Ownership passes to the caller. */
    synchronized @Nullable Update take() throws InterruptedException {
        while (waiting.isEmpty() && !closed) {
            wait();
        }
        return waiting.poll();
    }

    /** Takes no more, and fails what still waits. */
    synchronized void close(ProxyException reason) {
        closed = true;
        for (Update update : waiting) {
            update.close();
            update.answer().completeExceptionally(reason);
        }
        waiting.clear();
        notifyAll();
    }
}
