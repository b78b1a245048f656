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
import io.culvert.agent.zds.NodeProxies;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The single steps of enrolment, each of which may be repeated, with the kind of failure that each ends in
 * [istio cni/pkg/nodeagent/net_linux.go, meshdataplane_linux.go]. Holds no state of a pod but the cache's. Pod lanes
 * only.
 */
final class PodSteps {
    private static final Logger log = LoggerFactory.getLogger(PodSteps.class);

    private final NetnsCache pods;
    private final NetnsSource finder;
    private final PodRules rules;
    private final NodeProxies proxies;
    private final ProbeExemptions probes;
    private final Cluster cluster;

    PodSteps(Collaborators with) {
        this.pods = with.cache();
        this.finder = with.finder();
        this.rules = with.rules();
        this.proxies = with.proxies();
        this.probes = with.probes();
        this.cluster = with.cluster();
    }

    /** The namespace that a runtime reported becomes the pod's, whatever was known before. */
    NetnsRef openReported(PodFacts pod, String path) throws EnrolmentException {
        try {
            return pods.put(pod.uid(), WorkloadIdentity.of(pod), finder.open(path));
        } catch (IOException e) {
            throw new EnrolmentException.Final("opening its network namespace", e);
        }
    }

    /** The namespace that is known, or that a look at all processes shows. */
    NetnsRef findNetns(PodFacts pod) throws EnrolmentException {
        try {
            return lookUp(pod);
        } catch (IOException e) {
            throw new EnrolmentException.Final("finding its network namespace", e);
        }
    }

    private NetnsRef lookUp(PodFacts pod) throws IOException {
        var known = pods.find(pod.uid());
        return known.isPresent() ? known.get() : pods.put(pod.uid(), WorkloadIdentity.of(pod), finder.scanFor(pod));
    }

    void writeRules(PodFacts pod, NetnsRef netns) throws EnrolmentException {
        try {
            rules.apply(netns, pod.overrides());
        } catch (IOException e) {
            throw new EnrolmentException.Final("writing its redirection", e);
        }
    }

    /** After rules that could not be written, as far as it goes; what made those fail may make this fail. */
    void takeBackRules(PodFacts pod, NetnsRef netns) {
        try {
            rules.remove(netns);
        } catch (IOException e) {
            log.warn("pod {}: what was written of its redirection may still be there: {}", pod, e.toString());
        }
    }

    void handOver(PodFacts pod, NetnsRef netns) throws EnrolmentException {
        try {
            proxies.add(pod.uid(), WorkloadIdentity.of(pod), netns);
        } catch (IOException e) {
            throw new EnrolmentException.Retryable("handing it to the node proxy", e);
        }
    }

    void exemptProbes(PodFacts pod, List<InetAddress> ips) throws EnrolmentException {
        try {
            probes.set(pod.uid(), ips);
        } catch (IOException e) {
            throw new EnrolmentException.Retryable("exempting its probes", e);
        }
    }

    void annotate(PodFacts pod, Redirection redirection) throws EnrolmentException {
        try {
            cluster.annotate(pod, redirection);
        } catch (IOException e) {
            throw new EnrolmentException.Retryable("annotating it", e);
        }
    }

    void endProbeExemption(PodUid uid) throws EnrolmentException {
        try {
            probes.remove(uid);
        } catch (IOException e) {
            throw new EnrolmentException.Retryable("ending the exemption of its probes", e);
        }
    }

    /**
     * A namespace that is not known is looked for: telling the proxy to leave while the rules stay would cut the pod
     * off. So the step fails, and is tried again, until the namespace shows or the pod ends.
     */
    void removeRules(PodFacts pod) throws EnrolmentException {
        try (NetnsRef netns = lookUp(pod)) {
            rules.remove(netns);
        } catch (IOException e) {
            throw new EnrolmentException.Retryable("taking its redirection out", e);
        }
    }

    /**
     * Out of the cache first, and only now that the rules are gone: a proxy that connects in between gets a snapshot
     * without the pod, one that is connected gets the removal.
     */
    void takeFromProxies(PodUid uid) {
        pods.remove(uid);
        proxies.remove(uid);
    }

    /** Undoes {@link #openReported} or {@link #findNetns} for a pod that did not get its rules. */
    void forget(PodUid uid) {
        pods.remove(uid);
    }

    boolean knows(PodUid uid) {
        return pods.contains(uid);
    }
}
