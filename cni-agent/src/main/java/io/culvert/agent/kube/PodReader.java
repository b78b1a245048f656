package io.culvert.agent.kube;

import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodRef;
import io.culvert.agent.pod.PodUid;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns the API's pod object into what the agent works with. */
final class PodReader {
    /** status.podIPs has one address per family. */
    private static final int IPS_MAX = 16;

    private static final Logger log = LoggerFactory.getLogger(PodReader.class);

    private PodReader() {}

    /** Empty, and logged, where the object lacks what every pod has. */
    static Optional<PodFacts> read(Pod pod) {
        try {
            return Optional.of(facts(pod));
        } catch (IllegalArgumentException | NullPointerException e) {
            log.warn("a pod object of the API server cannot be used: {}", e.toString());
            return Optional.empty();
        }
    }

    private static PodFacts facts(Pod pod) {
        var meta = pod.getMetadata();
        var spec = pod.getSpec();
        PodStatus status = pod.getStatus() == null ? new PodStatus() : pod.getStatus();
        return new PodFacts(
                new PodRef(meta.getNamespace(), meta.getName()),
                new PodUid(meta.getUid()),
                orEmpty(spec.getServiceAccountName()),
                orEmpty(meta.getLabels()),
                orEmpty(meta.getAnnotations()),
                Boolean.TRUE.equals(spec.getHostNetwork()),
                "Failed".equals(status.getPhase()) || "Succeeded".equals(status.getPhase()),
                ips(status));
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }

    private static List<InetAddress> ips(PodStatus status) {
        List<String> texts = new ArrayList<>();
        List<PodIP> all = status.getPodIPs();
        if (all != null && !all.isEmpty()) {
            all.stream().limit(IPS_MAX).map(PodIP::getIp).forEach(texts::add);
        } else if (status.getPodIP() != null) {
            texts.add(status.getPodIP());
        }
        return texts.stream()
                .filter(text -> text != null && !text.isEmpty())
                .map(InetAddress::ofLiteral)
                .toList();
    }
}
