package io.culvert.agent.enrol;

import io.culvert.agent.pod.PodUid;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what happens to one pod in order, and what happens to different pods at the same time. A lane exists while it
 * has work.
 *
 * <p>{@link #post} may be called by any thread and does not block. Tasks run on the executor's threads.
 */
final class PodLanes {
    /** A pod gets one reconciliation, one deletion and a few CNI attempts at a time; more is a runaway caller. */
    private static final int TASKS_MAX = 64;

    private static final Logger log = LoggerFactory.getLogger(PodLanes.class);

    private final Executor workers;
    private final Map<PodUid, ArrayDeque<Runnable>> lanes = new HashMap<>();

    PodLanes(Executor workers) {
        this.workers = workers;
    }

    /** False where the lane is full: the task will not run. */
    boolean post(PodUid uid, Runnable task) {
        ArrayDeque<Runnable> fresh = new ArrayDeque<>();
        synchronized (lanes) {
            ArrayDeque<Runnable> running = lanes.putIfAbsent(uid, fresh);
            if (running != null) {
                return running.size() < TASKS_MAX && running.add(task);
            }
            fresh.add(task);
        }
        workers.execute(() -> run(uid, fresh));
        return true;
    }

    /**
     * The first task stays in the lane while it runs, so that nobody else starts the lane. One task a turn: lanes take
     * turns.
     */
    private void run(PodUid uid, ArrayDeque<Runnable> lane) {
        Runnable task;
        synchronized (lanes) {
            task = lane.getFirst();
        }
        try {
            task.run();
        } catch (RuntimeException e) {
            log.error("pod {}: a task failed unexpectedly", uid, e);
        }
        synchronized (lanes) {
            lane.removeFirst();
            if (lane.isEmpty()) {
                lanes.remove(uid);
                return;
            }
        }
        workers.execute(() -> run(uid, lane));
    }
}
