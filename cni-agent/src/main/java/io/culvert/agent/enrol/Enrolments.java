package io.culvert.agent.enrol;

import io.culvert.agent.eligibility.Eligibility;
import io.culvert.agent.eligibility.Verdict;
import io.culvert.agent.enrol.EnrolmentObserver.EventKind;
import io.culvert.agent.pod.Cluster;
import io.culvert.agent.pod.ClusterListener;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodUid;
import io.culvert.agent.pod.Redirection;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All pods of the node: turns what is heard of them (from the API, from a container runtime, from a timer) into tasks
 * of their lanes.
 *
 * <p>Every event means the same: look at what the pod is now, and do what {@link Decision} says. So lost, doubled and
 * reordered events do no harm, and events that come while one is queued are merged with it. Any thread may call; {@link
 * #admit} waits for the lane.
 */
public final class Enrolments implements ClusterListener {
    /** Longer than any plugin waits; bounds the wait where the lane is stuck. */
    private static final Duration ADMISSION_PATIENCE = Duration.ofSeconds(30);

    private static final Logger log = LoggerFactory.getLogger(Enrolments.class);

    private final Eligibility eligibility;
    private final Collaborators with;
    private final Cluster cluster;
    private final PodSteps steps;
    private final PodLookup lookup;
    private final PodLanes lanes;
    private final RetryTimer timer;
    private final EnrolmentObserver observer;
    private final LongSupplier nanoTicker;
    private final Map<PodUid, PodEnrolment> pods = new ConcurrentHashMap<>();
    /** Before it is open, nothing is reconciled: the cache is not whole yet. */
    private volatile boolean open;

    /**
     * Nothing happens before {@link #open}, but for what runtimes ask.
     *
     * @param workers platform threads for the lanes; how many there are is how many pods are worked on at a time
     * @param nanoTicker for durations
     */
    public Enrolments(
            Eligibility eligibility,
            Collaborators with,
            Executor workers,
            RetryTimer timer,
            EnrolmentObserver observer,
            LongSupplier nanoTicker) {
        this.eligibility = eligibility;
        this.with = with;
        this.cluster = with.cluster();
        this.steps = new PodSteps(with);
        this.lookup = new PodLookup(with.cluster());
        this.lanes = new PodLanes(workers);
        this.timer = timer;
        this.observer = observer;
        this.nanoTicker = nanoTicker;
    }

    /** Runs something later, on whatever thread. */
    @FunctionalInterface
    public interface RetryTimer {
        void after(Duration wait, Runnable task);
    }

    /**
     * Finds the pods of an earlier run again; returns when the cache holds them all. Call before {@link #open}, and
     * before any proxy may connect.
     *
     * @param systemNamespace where the node proxy's own pods live
     * @param rewriteRules write the rules of pods that are found again
     */
    public void recover(String systemNamespace, boolean rewriteRules) {
        new Recovery(with, this, lanes, systemNamespace, rewriteRules).run();
    }

    /** The cluster's cache is whole: judge every pod, and from now on each that changes. */
    public void open() {
        open = true;
        cluster.pods().forEach(pod -> reconcileSoon(of(pod), EventKind.ADD));
    }

    PodEnrolment of(PodFacts pod) {
        return pods.computeIfAbsent(pod.uid(), uid -> new PodEnrolment(pod, steps));
    }

    @Override
    public void podChanged(PodFacts pod) {
        if (open) {
            reconcileSoon(of(pod), EventKind.UPDATE);
        }
    }

    @Override
    public void podDeleted(PodFacts lastSeen) {
        // Before open there may be a CNI ADD of this pod as well, so this is never skipped.
        deleteSoon(of(lastSeen), lastSeen);
    }

    @Override
    public void namespaceChanged(String name) {
        if (open) {
            cluster.pods().stream()
                    .filter(pod -> pod.ref().namespace().equals(name))
                    .forEach(pod -> reconcileSoon(of(pod), EventKind.UPDATE));
        }
    }

    private void reconcileSoon(PodEnrolment enrolment, EventKind kind) {
        if (enrolment.markQueued() && !lanes.post(enrolment.uid(), () -> reconcile(enrolment, kind))) {
            enrolment.unmarkQueued();
            retryLater(enrolment, kind);
        }
    }

    private void reconcile(PodEnrolment enrolment, EventKind kind) {
        enrolment.unmarkQueued();
        observer.reconciled(kind);
        Optional<PodFacts> now =
                cluster.findPod(enrolment.ref()).filter(pod -> pod.uid().equals(enrolment.uid()));
        if (now.isEmpty()) {
            return;
        }
        PodFacts pod = now.get();
        Verdict verdict = eligibility.judge(pod, cluster.findNamespace(pod.ref().namespace()));
        if (verdict == Verdict.NAMESPACE_UNKNOWN) {
            log.warn("pod {}: {}; it is judged when its namespace arrives", pod, verdict.reason());
            return;
        }
        try {
            act(enrolment, pod, verdict);
        } catch (EnrolmentException.Retryable e) {
            enrolment.failed(String.valueOf(e.getMessage()));
            log.warn("pod {} will be tried again: {}", pod, e.getMessage());
            retryLater(enrolment, kind);
        } catch (EnrolmentException.Final e) {
            enrolment.failed(String.valueOf(e.getMessage()));
            log.error("pod {} is not enrolled until something about it changes: {}", pod, e.getMessage());
            if (enrolment.state() == EnrolmentState.LOST) {
                retryLater(enrolment, kind);
            }
        } catch (EnrolmentException e) {
            throw new IllegalStateException("neither retryable nor final", e);
        }
    }

    private void act(PodEnrolment enrolment, PodFacts pod, Verdict verdict) throws EnrolmentException {
        switch (Decision.of(pod, verdict.yes(), enrolment.state(), enrolment.exemptIps())) {
            case Decision.Nothing() -> log.debug("pod {}: nothing to do ({})", pod, verdict.reason());
            case Decision.MoveAddresses(var ips) -> enrolment.moveAddresses(pod, ips);
            case Decision.Confirm() -> enrolment.confirm(pod);
            case Decision.Enrol() -> {
                long start = nanoTicker.getAsLong();
                enrolment.add(pod);
                observer.enrolled(Duration.ofNanos(nanoTicker.getAsLong() - start));
            }
            case Decision.Withdraw(boolean processesGone) -> {
                log.info("pod {} leaves the mesh: {}", pod, processesGone ? "it has ended" : verdict.reason());
                enrolment.withdraw(pod, processesGone);
            }
        }
    }

    private void retryLater(PodEnrolment enrolment, EventKind kind) {
        // Beside the mark for what is queued: an event that comes during the wait is looked at at once.
        if (enrolment.markRetryDue()) {
            timer.after(enrolment.backoff().next(), () -> {
                enrolment.unmarkRetryDue();
                reconcileSoon(enrolment, kind);
            });
        }
    }

    private void deleteSoon(PodEnrolment enrolment, PodFacts lastSeen) {
        if (!lanes.post(lastSeen.uid(), () -> delete(enrolment, lastSeen))) {
            timer.after(enrolment.backoff().next(), () -> deleteSoon(enrolment, lastSeen));
        }
    }

    /**
     * Also where the annotation never reached our cache: then the selectors, or our own memory, say that it was ours.
     */
    private void delete(PodEnrolment enrolment, PodFacts lastSeen) {
        observer.reconciled(EventKind.DELETE);
        boolean ours = lastSeen.redirection() != Redirection.ABSENT
                || enrolment.state() != EnrolmentState.OUTSIDE
                || steps.knows(lastSeen.uid())
                || eligibility
                        .judgeLabels(
                                lastSeen, cluster.findNamespace(lastSeen.ref().namespace()))
                        .yes();
        try {
            if (ours) {
                enrolment.deleted();
            }
            pods.remove(lastSeen.uid());
        } catch (EnrolmentException e) {
            log.warn("pod {} is gone, but not yet forgotten: {}", lastSeen, e.getMessage());
            timer.after(enrolment.backoff().next(), () -> deleteSoon(enrolment, lastSeen));
        }
    }

    /**
     * A container runtime asks; blocks until the pod is in the mesh, or it is clear that it is not to be, or the
     * attempt failed.
     *
     * @param honourExclusions false for callers that have looked at the exclusion list themselves
     */
    public Admission admit(AddRequest request, boolean honourExclusions) {
        if (honourExclusions && eligibility.excludes(request.pod().namespace())) {
            return new Admission.NotEligible(Verdict.NAMESPACE_EXCLUDED);
        }
        PodFacts pod;
        Verdict verdict;
        try {
            pod = lookup.pod(request);
            Optional<Map<String, String>> labels =
                    Optional.of(lookup.namespaceLabels(request.pod().namespace()));
            verdict = honourExclusions ? eligibility.judge(pod, labels) : eligibility.judgeLabels(pod, labels);
        } catch (IOException e) {
            return new Admission.Failed(String.valueOf(e.getMessage()));
        }
        if (!verdict.yes()) {
            return new Admission.NotEligible(verdict);
        }
        PodEnrolment enrolment = of(pod);
        CompletableFuture<Admission> answer = new CompletableFuture<>();
        if (!lanes.post(pod.uid(), () -> answer.complete(enrolReported(enrolment, pod, request)))) {
            return new Admission.Failed("too many attempts wait for pod " + pod);
        }
        return await(answer);
    }

    private Admission enrolReported(PodEnrolment enrolment, PodFacts pod, AddRequest request) {
        long start = nanoTicker.getAsLong();
        try {
            enrolment.addReported(pod, request.ips(), request.netnsPath());
            observer.enrolled(Duration.ofNanos(nanoTicker.getAsLong() - start));
            return new Admission.Enrolled();
        } catch (EnrolmentException e) {
            // Neither kind is tried again here: the runtime makes another sandbox.
            enrolment.failed(String.valueOf(e.getMessage()));
            log.warn("pod {} does not start: {}", pod, e.getMessage());
            return new Admission.Failed(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            log.error("pod {} does not start", pod, e);
            return new Admission.Failed("the agent failed unexpectedly: " + e);
        }
    }

    private static Admission await(CompletableFuture<Admission> answer) {
        try {
            return answer.get(ADMISSION_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return new Admission.Failed("enrolment took longer than " + ADMISSION_PATIENCE.toSeconds() + " s");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Admission.Failed("the agent is stopping");
        } catch (ExecutionException e) {
            throw new IllegalStateException("the lane's task completes normally", e);
        }
    }

    /** Every pod that the agent has had to do with, by name. */
    public List<PodReport> report() {
        return pods.values().stream()
                .map(pod -> new PodReport(pod.uid(), pod.ref(), pod.state(), pod.lastError()))
                .sorted(Comparator.comparing(report -> report.pod().toString()))
                .toList();
    }
}
