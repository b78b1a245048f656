package io.culvert.agent.enrol;

import io.culvert.agent.netns.NetnsCache;
import io.culvert.agent.netns.NetnsSource;
import io.culvert.agent.pod.Cluster;
import io.culvert.agent.rules.PodRules;
import io.culvert.agent.zds.NodeProxies;

/** Everything that enrolment acts on. */
public record Collaborators(
        Cluster cluster,
        NetnsCache cache,
        NetnsSource finder,
        PodRules rules,
        NodeProxies proxies,
        ProbeExemptions probes) {}
