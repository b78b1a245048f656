package io.culvert.testkit.controlplane;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * The events of a control plane, for tests to read and wait for. Keeps the last {@value #EVENTS_MAX}: enough for every
 * test of some thousand workloads, and a few megabytes at most. Appended by the control thread, read by any other.
 */
public final class EventLog {
    static final int EVENTS_MAX = 20_000;

    private static final int TAIL = 20;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition more = lock.newCondition();
    private final ArrayDeque<ControlPlaneEvent> events = new ArrayDeque<>();
    /** How many were ever appended; the first of {@link #events} has the number {@code appended - events.size()}. */
    private long appended;

    void append(ControlPlaneEvent event) {
        lock.lock();
        try {
            if (events.size() == EVENTS_MAX) {
                events.removeFirst();
            }
            events.addLast(event);
            appended++;
            more.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** A point in time, for {@link #awaitAfter}: everything appended later comes after it. */
    public long position() {
        lock.lock();
        try {
            return appended;
        } finally {
            lock.unlock();
        }
    }

    public <T extends ControlPlaneEvent> List<T> all(Class<T> type) {
        lock.lock();
        try {
            return events.stream().filter(type::isInstance).map(type::cast).toList();
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #awaitAfter} from the beginning. */
    public <T extends ControlPlaneEvent> T await(Class<T> type, Predicate<T> wanted, Duration limit)
            throws TimeoutException, InterruptedException {
        return awaitAfter(0, type, wanted, limit);
    }

    /**
     * The first event after a position that is as wanted, as soon as there is one.
     *
     * @throws TimeoutException if there is none in time; its message lists the last events
     */
    public <T extends ControlPlaneEvent> T awaitAfter(long position, Class<T> type, Predicate<T> wanted, Duration limit)
            throws TimeoutException, InterruptedException {
        long left = limit.toNanos();
        lock.lock();
        try {
            while (true) {
                Optional<T> found = find(position, type, wanted);
                if (found.isPresent()) {
                    return found.get();
                }
                if (left <= 0) {
                    throw new TimeoutException(
                            "no such " + type.getSimpleName() + " within " + limit + "; last events: " + tail());
                }
                left = more.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private <T extends ControlPlaneEvent> Optional<T> find(long position, Class<T> type, Predicate<T> wanted) {
        long skip = Math.max(0, position - (appended - events.size()));
        return events.stream()
                .skip(skip)
                .filter(type::isInstance)
                .map(type::cast)
                .filter(wanted)
                .findFirst();
    }

    private List<ControlPlaneEvent> tail() {
        List<ControlPlaneEvent> all = new ArrayList<>(events);
        return all.subList(Math.max(0, all.size() - TAIL), all.size());
    }
}
