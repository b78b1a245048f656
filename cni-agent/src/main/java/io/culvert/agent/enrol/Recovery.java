package io.culvert.agent.enrol;

import io.culvert.agent.netns.NetnsCache;
import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.netns.NetnsSource;
import io.culvert.agent.netns.WorkloadIdentity;
import io.culvert.agent.pod.Cluster;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodUid;
import io.culvert.agent.pod.Redirection;
import io.culvert.agent.rules.PodRules;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the pods that an earlier run of the agent enrolled, before any proxy may ask for a snapshot
 * [istio cni/pkg/nodeagent/net_linux.go ConstructInitialSnapshot]. Who belongs to the snapshot is said by the
 * annotation {@code enabled} alone: not by labels, which may have changed meanwhile, and not by {@code pending}.
 *
 * <p>A pod whose namespace is not found stays in the snapshot as Keep, and is looked for again. Nothing that fails here
 * empties the snapshot. Called once, on the main thread, before {@link Enrolments#open}.
 */
final class Recovery {
    private static final Logger log = LoggerFactory.getLogger(Recovery.class);

    private final Cluster cluster;
    private final NetnsCache cache;
    private final NetnsSource finder;
    private final PodRules rules;
    private final Enrolments enrolments;
    private final PodLanes lanes;
    private final String systemNamespace;
    private final boolean rewriteRules;

    Recovery(Collaborators with, Enrolments enrolments, PodLanes lanes, String systemNamespace, boolean rewriteRules) {
        this.cluster = with.cluster();
        this.cache = with.cache();
        this.finder = with.finder();
        this.rules = with.rules();
        this.enrolments = enrolments;
        this.lanes = lanes;
        this.systemNamespace = systemNamespace;
        this.rewriteRules = rewriteRules;
    }

    /** Returns when the cache holds every enrolled pod. */
    void run() {
        List<PodFacts> enrolled =
                cluster.pods().stream().filter(this::belongsToSnapshot).toList();
        enrolled.forEach(pod -> cache.expect(pod.uid()));
        Map<PodUid, NetnsRef> found = scan(enrolled);
        // By the lanes, because a container runtime may be asking about one of these pods at this moment.
        List<CompletableFuture<Void>> done =
                enrolled.stream().map(pod -> recover(pod, found.get(pod.uid()))).toList();
        done.forEach(CompletableFuture::join);
        log.info("{} pods were enrolled before; the network namespace of {} was found", enrolled.size(), found.size());
    }

    private boolean belongsToSnapshot(PodFacts pod) {
        boolean nodeProxy = pod.ref().namespace().equals(systemNamespace)
                && "ztunnel".equals(pod.labels().get("app"));
        return pod.redirection() == Redirection.ENABLED && !pod.terminal() && !nodeProxy;
    }

    private Map<PodUid, NetnsRef> scan(List<PodFacts> enrolled) {
        if (enrolled.isEmpty()) {
            return Map.of();
        }
        try {
            return finder.scanFor(enrolled);
        } catch (IOException e) {
            log.error("the node's processes cannot be listed; enrolled pods are looked for again: {}", e.toString());
            return Map.of();
        }
    }

    private CompletableFuture<Void> recover(PodFacts pod, @Nullable NetnsRef netns) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        boolean posted = lanes.post(pod.uid(), () -> {
            try {
                recoverInLane(pod, netns);
            } finally {
                done.complete(null);
            }
        });
        if (!posted) {
            done.complete(null);
        }
        return done;
    }

    private void recoverInLane(PodFacts pod, @Nullable NetnsRef netns) {
        PodEnrolment enrolment = enrolments.of(pod);
        if (enrolment.state() != EnrolmentState.OUTSIDE) {
            if (netns != null) {
                netns.close();
            }
            return;
        }
        enrolment.recover(pod, netns != null);
        if (netns == null) {
            return;
        }
        try (NetnsRef known = cache.put(pod.uid(), WorkloadIdentity.of(pod), netns)) {
            if (rewriteRules) {
                rules.apply(known, pod.overrides());
            }
        } catch (IOException e) {
            log.error("pod {}: its redirection could not be written again: {}", pod, e.toString());
        }
    }
}
