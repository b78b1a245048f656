package io.culvert.agent.enrol;

import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodRef;
import io.culvert.agent.pod.PodUid;
import io.culvert.agent.pod.Redirection;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pod's way into the mesh and out of it; {@link EnrolmentState} draws it. Touched only by tasks of the pod's lane;
 * the two volatile fields are for readers elsewhere.
 */
final class PodEnrolment {
    private static final Logger log = LoggerFactory.getLogger(PodEnrolment.class);

    private final PodUid uid;
    private final PodRef ref;
    private final PodSteps steps;
    private final Backoff backoff = new Backoff();
    private List<InetAddress> exemptIps = List.of();

    private volatile EnrolmentState state = EnrolmentState.OUTSIDE;
    private volatile String lastError = "";
    /** A look at this pod is in its lane: another event adds nothing. Any thread. */
    private final AtomicBoolean queued = new AtomicBoolean();
    /** A look at this pod is due after a wait. Any thread. */
    private final AtomicBoolean retryDue = new AtomicBoolean();

    PodEnrolment(PodFacts pod, PodSteps steps) {
        this.uid = pod.uid();
        this.ref = pod.ref();
        this.steps = steps;
    }

    /** The agent has started and found the pod annotated; its rules are in place from before. */
    void recover(PodFacts pod, boolean netnsFound) {
        exemptIps = pod.ips();
        if (netnsFound) {
            become(EnrolmentState.REDIRECTED);
            become(EnrolmentState.ENROLLED);
        } else {
            become(EnrolmentState.LOST);
        }
    }

    /** A container runtime made the pod's sandbox and waits for us. */
    void addReported(PodFacts pod, List<InetAddress> ips, String netnsPath) throws EnrolmentException {
        try (NetnsRef netns = steps.openReported(pod, netnsPath)) {
            enrol(pod, ips, netns);
        }
    }

    /**
     * A running pod joins, or joins again. It is marked before its rules are written: should this agent die in between,
     * and the pod's label go away meanwhile, nothing else would tell the next agent that there is something to take
     * out. (A pod whose sandbox is being made needs no such mark: its runtime throws the sandbox away.)
     */
    void add(PodFacts pod) throws EnrolmentException {
        try (NetnsRef netns = steps.findNetns(pod)) {
            if (pod.redirection() == Redirection.ABSENT) {
                steps.annotate(pod, Redirection.PENDING);
            }
            enrol(pod, pod.ips(), netns);
        } catch (EnrolmentException e) {
            if (state == EnrolmentState.OUTSIDE) {
                steps.forget(uid);
            }
            throw e;
        }
    }

    private void enrol(PodFacts pod, List<InetAddress> ips, NetnsRef netns) throws EnrolmentException {
        try {
            steps.writeRules(pod, netns);
        } catch (EnrolmentException e) {
            if (state == EnrolmentState.OUTSIDE) {
                // Half of them, with no proxy behind, would cut the pod off.
                steps.takeBackRules(pod, netns);
                steps.forget(uid);
            }
            throw e;
        }
        become(EnrolmentState.REDIRECTED);
        try {
            steps.handOver(pod, netns);
        } catch (EnrolmentException e) {
            // Not advertised as HBONE-capable until a proxy serves it.
            steps.annotate(pod, Redirection.PENDING);
            throw e;
        }
        steps.exemptProbes(pod, ips);
        exemptIps = List.copyOf(ips);
        steps.annotate(pod, Redirection.ENABLED);
        become(EnrolmentState.ENROLLED);
        succeeded();
        log.info("pod {} is in the mesh, network namespace {}", pod, netns.id());
    }

    /** The API still shows what it was told first. */
    void confirm(PodFacts pod) throws EnrolmentException {
        steps.annotate(pod, Redirection.ENABLED);
    }

    void moveAddresses(PodFacts pod, List<InetAddress> ips) throws EnrolmentException {
        steps.exemptProbes(pod, ips);
        exemptIps = List.copyOf(ips);
    }

    /**
     * Out of the mesh, in the order in which nothing is left behind on failure.
     *
     * @param processesGone the namespace is ending by itself: no rules to take out
     */
    void withdraw(PodFacts pod, boolean processesGone) throws EnrolmentException {
        become(EnrolmentState.LEAVING);
        steps.endProbeExemption(uid);
        exemptIps = List.of();
        if (!processesGone) {
            steps.removeRules(pod);
        }
        steps.takeFromProxies(uid);
        if (processesGone) {
            annotateIfPossible(pod);
        } else {
            steps.annotate(pod, Redirection.ABSENT);
        }
        become(EnrolmentState.OUTSIDE);
        succeeded();
        log.info("pod {} left the mesh", pod);
    }

    private void annotateIfPossible(PodFacts pod) {
        try {
            steps.annotate(pod, Redirection.ABSENT);
        } catch (EnrolmentException e) {
            log.info("pod {} ended, its annotation stays: {}", pod, e.getMessage());
        }
    }

    /**
     * The API server has forgotten the pod: there is nothing to write to it, and its name may be another pod's by now.
     */
    void deleted() throws EnrolmentException {
        become(EnrolmentState.LEAVING);
        steps.endProbeExemption(uid);
        steps.takeFromProxies(uid);
        become(EnrolmentState.OUTSIDE);
        log.info("pod {} ({}) is gone", ref, uid);
    }

    private void succeeded() {
        backoff.reset();
        lastError = "";
    }

    void failed(String error) {
        lastError = error;
    }

    private void become(EnrolmentState next) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException("pod " + ref + " cannot go from " + state + " to " + next);
        }
        state = next;
    }

    /** False where a look is queued already. */
    boolean markQueued() {
        return queued.compareAndSet(false, true);
    }

    void unmarkQueued() {
        queued.set(false);
    }

    /** False where a timer runs already. */
    boolean markRetryDue() {
        return retryDue.compareAndSet(false, true);
    }

    void unmarkRetryDue() {
        retryDue.set(false);
    }

    EnrolmentState state() {
        return state;
    }

    String lastError() {
        return lastError;
    }

    PodRef ref() {
        return ref;
    }

    PodUid uid() {
        return uid;
    }

    List<InetAddress> exemptIps() {
        return exemptIps;
    }

    Backoff backoff() {
        return backoff;
    }
}
