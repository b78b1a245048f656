package io.culvert.proxy.lifecycle;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of the process (ztunnel drain.rs): tells every participant to drain, waits until all have finished or the
 * deadline has passed, then tells the rest to cut.
 *
 * <pre>
 *   running --begin--> draining --all finished--> done
 *                          \------deadline------> forced --all finished, or {@link #FORCED_WAIT}--> done
 * </pre>
 *
 * <p>{@link #run} is for the main thread; participants answer from wherever they live.
 */
public final class Drain {

    /** After the deadline participants only close descriptors; one that does not answer by then is left behind. */
    static final Duration FORCED_WAIT = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(Drain.class);

    private final Duration deadline;
    private final LongSupplier ticker;
    private final Set<Member> members = ConcurrentHashMap.newKeySet();
    private final CountDownLatch begun = new CountDownLatch(1);

    /**
     * A drain that has not begun.
     *
     * @param deadline for connections to end by themselves
     * @param ticker nanoseconds of a monotonic clock
     */
    public Drain(Duration deadline, LongSupplier ticker) {
        this.deadline = deadline;
        this.ticker = ticker;
    }

    /** Something that has to end before the process does. */
    public interface Participant {
        /**
         * Begins to end. GRACEFUL comes first, IMMEDIATE after the deadline if it has not finished by then. Returns at
         * once.
         *
         * @param finished to be run once all is over; more than once does no harm
         */
        void drain(DrainMode mode, Runnable finished);
    }

    /** Takes part until the end, under a name for the log. */
    public void register(String name, Participant participant) {
        members.add(new Member(name, participant));
    }

    /** Lets {@link #run} begin. Any thread, more than once. */
    public void begin() {
        begun.countDown();
    }

    public boolean hasBegun() {
        return begun.getCount() == 0;
    }

    /** Waits for {@link #begin}, then for everybody's end. */
    public void run() throws InterruptedException {
        begun.await();
        members.forEach(member -> member.participant.drain(DrainMode.GRACEFUL, member::finish));
        if (awaitAll(deadline)) {
            return;
        }
        log.warn("drain duration expired with pending connections, forcefully shutting down");
        members.stream()
                .filter(member -> !member.isFinished())
                .forEach(member -> member.participant.drain(DrainMode.IMMEDIATE, member::finish));
        if (!awaitAll(FORCED_WAIT)) {
            members.stream()
                    .filter(member -> !member.isFinished())
                    .forEach(member -> log.warn("{} did not end", member.name));
        }
    }

    private boolean awaitAll(Duration limit) throws InterruptedException {
        long begunNanos = ticker.getAsLong();
        for (Member member : members) {
            long leftNanos = limit.toNanos() - (ticker.getAsLong() - begunNanos);
            if (!member.finished.await(Math.max(0, leftNanos), TimeUnit.NANOSECONDS)) {
                return false;
            }
        }
        return true;
    }

    private static final class Member {
        final String name;
        final Participant participant;
        final CountDownLatch finished = new CountDownLatch(1);
        private final AtomicBoolean logged = new AtomicBoolean();

        Member(String name, Participant participant) {
            this.name = name;
            this.participant = participant;
        }

        void finish() {
            if (logged.compareAndSet(false, true)) {
                log.debug("{} drained", name);
            }
            finished.countDown();
        }

        boolean isFinished() {
            return finished.getCount() == 0;
        }
    }
}
