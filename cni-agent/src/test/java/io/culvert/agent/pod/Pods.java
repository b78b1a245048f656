package io.culvert.agent.pod;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Pods for tests, changed one fact at a time. */
public final class Pods {
    private Pods() {}

    /** A running pod that nothing is special about. */
    public static PodFacts pod(String namespace, String name, String uid, String... ips) {
        return new PodFacts(
                new PodRef(namespace, name),
                new PodUid(uid),
                name + "-account",
                Map.of("app", name),
                Map.of(),
                false,
                false,
                Arrays.stream(ips).map(InetAddress::ofLiteral).toList());
    }

    public static PodFacts labelled(PodFacts pod, String key, String value) {
        return new PodFacts(
                pod.ref(),
                pod.uid(),
                pod.serviceAccount(),
                with(pod.labels(), key, value),
                pod.annotations(),
                pod.hostNetwork(),
                pod.terminal(),
                pod.ips());
    }

    public static PodFacts annotated(PodFacts pod, String key, String value) {
        return new PodFacts(
                pod.ref(),
                pod.uid(),
                pod.serviceAccount(),
                pod.labels(),
                with(pod.annotations(), key, value),
                pod.hostNetwork(),
                pod.terminal(),
                pod.ips());
    }

    public static PodFacts annotated(PodFacts pod, Redirection redirection) {
        return switch (redirection) {
            case ENABLED -> annotated(pod, IstioKeys.REDIRECTION, "enabled");
            case PENDING -> annotated(pod, IstioKeys.REDIRECTION, "pending");
            case ABSENT -> annotated(pod, IstioKeys.REDIRECTION, "");
        };
    }

    public static PodFacts onHostNetwork(PodFacts pod) {
        return new PodFacts(
                pod.ref(),
                pod.uid(),
                pod.serviceAccount(),
                pod.labels(),
                pod.annotations(),
                true,
                pod.terminal(),
                pod.ips());
    }

    public static PodFacts terminal(PodFacts pod, boolean terminal) {
        return new PodFacts(
                pod.ref(),
                pod.uid(),
                pod.serviceAccount(),
                pod.labels(),
                pod.annotations(),
                pod.hostNetwork(),
                terminal,
                pod.ips());
    }

    public static PodFacts withIps(PodFacts pod, List<InetAddress> ips) {
        return new PodFacts(
                pod.ref(),
                pod.uid(),
                pod.serviceAccount(),
                pod.labels(),
                pod.annotations(),
                pod.hostNetwork(),
                pod.terminal(),
                ips);
    }

    private static Map<String, String> with(Map<String, String> map, String key, String value) {
        Map<String, String> changed = new HashMap<>(map);
        changed.put(key, value);
        return changed;
    }
}
