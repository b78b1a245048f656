package io.culvert.proxy.inpod;

import io.culvert.linux.Netns;
import io.culvert.linux.NetnsId;
import io.culvert.proxy.lifecycle.DrainMode;
import io.culvert.proxy.lifecycle.Readiness;
import io.culvert.proxy.routing.WorkloadRef;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which pods have a proxy (ztunnel inpod/statemanager.rs). Pure in the sense that it does no I/O itself: the session
 * calls it, the factory binds.
 *
 * <pre>
 *   session:  DISCONNECTED --connected--> SNAPSHOT --SnapshotSent--> LIVE
 *             any --disconnected--> DISCONNECTED (running proxies stay, pending ones are forgotten at the next connect)
 *
 *   pod:      (none) --Add, starts--> up          Add of the same namespace again: nothing happens
 *             (none) --Add, fails--> pending      tried again by Add, or every 5 s
 *             up --Add of another namespace--> stopped, then as (none)
 *             up --Del in LIVE, or absent from the snapshot--> stopped
 *             pending --Del--> (none)
 * </pre>
 *
 * <p>Owns every namespace handle that it was given, until the proxy in it has finished stopping. All methods run on the
 * ZDS thread but {@link #dump}.
 */
public final class WorkloadManager {

    private static final Logger log = LoggerFactory.getLogger(WorkloadManager.class);

    private enum Session {
        DISCONNECTED,
        SNAPSHOT,
        LIVE
    }

    private final PodProxyFactory factory;
    private final Readiness.Gate ready;
    private final InpodMetrics metrics;

    private Session session = Session.DISCONNECTED;
    private final Set<WorkloadUid> snapshot = new HashSet<>();
    private final Map<WorkloadUid, Running> running = new HashMap<>();
    private final Map<WorkloadUid, Pending> pending = new HashMap<>();

    /** Proxies that were told to stop and have not finished, with what to run then. */
    private final Map<PodProxy, Once> stopping = new ConcurrentHashMap<>();

    /** What to run when the last has stopped; set once, by {@link #stopAll}. */
    private volatile @Nullable Once allStopped;

    /** For the dump, which another thread takes. */
    private final Map<WorkloadUid, PodState> states = new ConcurrentHashMap<>();

    /**
     * No pods, no session.
     *
     * @param ready open while a snapshot has been received and no pod is pending
     */
    public WorkloadManager(PodProxyFactory factory, Readiness.Gate ready, InpodMetrics metrics) {
        this.factory = factory;
        this.ready = ready;
        this.metrics = metrics;
    }

    private record Running(PodProxy proxy, Netns netns) {
        NetnsId namespace() {
            return netns.id();
        }
    }

    private record Pending(WorkloadRef workload, Netns netns) {}

    /** A new session begins. */
    void connected() {
        session = Session.SNAPSHOT;
        snapshot.clear();
        pending.keySet().stream().toList().forEach(this::forgetPending);
        settle();
    }

    /** The session is over; what runs goes on. */
    void disconnected() {
        session = Session.DISCONNECTED;
        settle();
    }

    /** Handles one request, and owns what came with it. */
    Reply handle(ZdsRequest request) {
        Reply reply = switch (request) {
            case ZdsRequest.Add add -> add(add);
            case ZdsRequest.AddWithoutInfo add ->
                new Reply.OutOfOrder("protocol error: Add of " + add.uid() + " without workload info");
            case ZdsRequest.Keep keep -> keep(keep.uid());
            case ZdsRequest.Del del -> del(del.uid());
            case ZdsRequest.SnapshotSent ignored -> snapshotSent();
        };
        settle(); // before the reply is sent: whoever has the reply finds readiness up to date
        return reply;
    }

    private Reply add(ZdsRequest.Add add) {
        log.atInfo()
                .addKeyValue("uid", add.uid().value())
                .addKeyValue("name", add.workload().name())
                .addKeyValue("namespace", add.workload().namespace())
                .log("pod received, starting proxy");
        if (session == Session.SNAPSHOT) {
            snapshot.add(add.uid());
        }
        Running present = running.get(add.uid());
        if (present != null && present.namespace().equals(add.netns().id())) {
            add.netns().close();
            return new Reply.Ack();
        }
        if (present != null) {
            log.info("pod {} has another network namespace, replacing its proxy", add.uid());
            stop(add.uid(), DrainMode.IMMEDIATE);
        }
        forgetPending(add.uid());
        return start(add.uid(), add.workload(), add.netns());
    }

    private Reply start(WorkloadUid uid, WorkloadRef workload, Netns netns) {
        states.put(uid, new PodState.Pending(workload));
        try {
            PodProxy proxy = factory.start(uid, workload, netns);
            running.put(uid, new Running(proxy, netns));
            states.put(uid, new PodState.Up(workload, proxy.connections()));
            metrics.started();
            return new Reply.Ack();
        } catch (IOException | RuntimeException e) {
            log.warn("failed to start proxy of pod {} ({}), will be tried again", uid, workload, e);
            pending.put(uid, new Pending(workload, netns));
            return new Reply.StartFailed(String.valueOf(e.getMessage()));
        }
    }

    private Reply keep(WorkloadUid uid) {
        if (session != Session.SNAPSHOT) {
            return new Reply.OutOfOrder("protocol error: Keep of " + uid + " after the snapshot");
        }
        snapshot.add(uid);
        return new Reply.Ack();
    }

    /**
     * Within the snapshot a running proxy is not stopped yet: it goes when the snapshot is complete and does not name
     * it.
     */
    private Reply del(WorkloadUid uid) {
        forgetPending(uid);
        if (session == Session.SNAPSHOT) {
            snapshot.remove(uid);
        } else {
            log.atInfo().addKeyValue("uid", uid.value()).log("pod delete request, shutting down proxy");
            stop(uid, DrainMode.IMMEDIATE);
        }
        return new Reply.Ack();
    }

    private Reply snapshotSent() {
        if (session != Session.SNAPSHOT) {
            return new Reply.OutOfOrder("protocol error: a second SnapshotSent");
        }
        log.info("received snapshot sent");
        session = Session.LIVE;
        for (WorkloadUid uid : running.keySet().stream().toList()) {
            if (!snapshot.contains(uid)) {
                log.info("pod {} is not in the snapshot, shutting down its proxy", uid);
                stop(uid, DrainMode.IMMEDIATE);
            }
        }
        snapshot.clear();
        return new Reply.Ack();
    }

    boolean hasPending() {
        return !pending.isEmpty();
    }

    /** Tries every pending pod once more. */
    void retryPending() {
        List<Map.Entry<WorkloadUid, Pending>> retries = new ArrayList<>(pending.entrySet());
        for (Map.Entry<WorkloadUid, Pending> retry : retries) {
            pending.remove(retry.getKey());
            // The outcome is in the maps; the agent was told of the failure when it asked.
            var _ = start(
                    retry.getKey(),
                    retry.getValue().workload(),
                    retry.getValue().netns());
        }
        settle();
    }

    /**
     * Stops every proxy.
     *
     * @param finished run once when all have, those included that were stopping before
     */
    void stopAll(DrainMode mode, Runnable finished) {
        session = Session.DISCONNECTED;
        pending.keySet().stream().toList().forEach(this::forgetPending);
        running.keySet().stream().toList().forEach(uid -> stop(uid, mode));
        settle();
        allStopped = new Once(finished);
        reportIfAllStopped();
    }

    /** Cuts what {@link #stopAll} lets end gracefully. */
    void hasten() {
        stopping.forEach((proxy, once) -> proxy.stop(DrainMode.IMMEDIATE, once));
    }

    private void stop(WorkloadUid uid, DrainMode mode) {
        Running gone = running.remove(uid);
        if (gone == null) {
            return;
        }
        states.remove(uid);
        metrics.stopped();
        Once once = new Once(() -> {
            gone.netns().close();
            stopping.remove(gone.proxy());
            log.debug("proxy for workload {} exited", uid);
            reportIfAllStopped();
        });
        stopping.put(gone.proxy(), once);
        gone.proxy().stop(mode, once);
    }

    private void reportIfAllStopped() {
        Once finished = allStopped;
        if (finished != null && stopping.isEmpty()) {
            finished.run();
        }
    }

    private void forgetPending(WorkloadUid uid) {
        Pending gone = pending.remove(uid);
        if (gone != null) {
            states.remove(uid);
            gone.netns().close();
        }
    }

    private void settle() {
        metrics.population(running.size(), pending.size());
        if (session == Session.LIVE && pending.isEmpty()) {
            ready.open();
        } else {
            ready.close();
        }
    }

    /** The pods by uid, sorted; for the configuration dump, from any thread. */
    public Map<WorkloadUid, PodState> dump() {
        return new TreeMap<>(states);
    }
}
