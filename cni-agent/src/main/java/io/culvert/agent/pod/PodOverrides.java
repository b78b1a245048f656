package io.culvert.agent.pod;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a pod's annotations change in its own rules [istio cni/pkg/nodeagent/net.go getPodLevelTrafficOverrides]. Read
 * when rules are written, so an annotation that changes on a running pod acts at its next enrolment.
 *
 * @param ingressMode true: inbound traffic is not redirected
 * @param virtualInterfaces in the order of the annotation, checked names only, at most {@value #INTERFACES_MAX}
 */
public record PodOverrides(boolean ingressMode, DnsCapture dnsCapture, List<InterfaceName> virtualInterfaces) {
    /** No override at all. */
    public static final PodOverrides NONE = new PodOverrides(false, DnsCapture.DEFAULT, List.of());

    /** Each name costs two rules in the pod; a pod with more virtual bridges than this is a mistake. */
    private static final int INTERFACES_MAX = 64;

    private static final Logger log = LoggerFactory.getLogger(PodOverrides.class);

    /** A pod's word on DNS capture. */
    public enum DnsCapture {
        /** No word: the agent's own setting holds. */
        DEFAULT,
        ON,
        OFF
    }

    public PodOverrides {
        virtualInterfaces = List.copyOf(virtualInterfaces);
    }

    /** Reads the annotations; a value that does not parse counts as not there, and is logged. */
    public static PodOverrides of(PodRef pod, Map<String, String> annotations) {
        boolean ingress = flag(pod, annotations, IstioKeys.BYPASS_INBOUND).orElse(false);
        DnsCapture dns = flag(pod, annotations, IstioKeys.DNS_CAPTURE)
                .map(on -> on ? DnsCapture.ON : DnsCapture.OFF)
                .orElse(DnsCapture.DEFAULT);
        return new PodOverrides(ingress, dns, interfaces(pod, annotations));
    }

    private static Optional<Boolean> flag(PodRef pod, Map<String, String> annotations, String key) {
        String text = annotations.get(key);
        if (text == null) {
            return Optional.empty();
        }
        Optional<Boolean> parsed = GoBool.parse(text);
        if (parsed.isEmpty()) {
            log.warn("pod {}: annotation {} is not a boolean and is ignored; write \"true\" or \"false\"", pod, key);
        }
        return parsed;
    }

    private static List<InterfaceName> interfaces(PodRef pod, Map<String, String> annotations) {
        List<InterfaceName> names = new ArrayList<>();
        for (String token :
                annotations.getOrDefault(IstioKeys.VIRTUAL_INTERFACES, "").split(",", -1)) {
            String name = token.strip();
            if (name.isEmpty()) {
                continue;
            }
            Optional<InterfaceName> parsed = InterfaceName.parse(name);
            if (parsed.isEmpty() || names.size() == INTERFACES_MAX) {
                log.warn(
                        "pod {}: annotation {} holds a token that is not an interface name, or more than {}; ignored",
                        pod,
                        IstioKeys.VIRTUAL_INTERFACES,
                        INTERFACES_MAX);
                continue;
            }
            names.add(parsed.get());
        }
        return names;
    }
}
