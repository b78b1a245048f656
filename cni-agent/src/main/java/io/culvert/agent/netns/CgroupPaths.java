package io.culvert.agent.netns;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the pod that a process belongs to, in the text of {@code /proc/PID/cgroup}. Kubelet and runtimes write the
 * pod's UID into the path in many shapes: {@code /kubepods/burstable/podUID/ID}, {@code
 * ...-podU_I_D.slice/cri-containerd-ID.scope}, {@code ...podUID.slice:cri-containerd:ID}, nested several deep [istio
 * cni/pkg/nodeagent/podcgroupns.go, after SPIRE's k8s workload attestor]. Pure functions.
 */
final class CgroupPaths {
    private static final String HEX_GROUPS =
            "([0-9a-fA-F]{8})\\p{Punct}?([0-9a-fA-F]{4})\\p{Punct}?([0-9a-fA-F]{4})\\p{Punct}?([0-9a-fA-F]{4})"
                    + "\\p{Punct}?([0-9a-fA-F]{12})";
    /** The last pod in the path, then the container's id as the last run without punctuation. */
    private static final Pattern POD =
            Pattern.compile(".*\\p{Punct}pod" + HEX_GROUPS + "\\p{Punct}(?:.*\\p{Punct})?(\\P{Punct}+)");

    /** CRI-O without a pod in the path names a container, but no pod. */
    private static final Pattern CRIO = Pattern.compile(".*\\p{Punct}crio\\p{Punct}(\\P{Punct}+)");

    /** A kernel line is at most PATH_MAX and a few; what is longer is not from the kernel. */
    private static final int LINE_MAX = 8192;

    private CgroupPaths() {}

    /**
     * The pod UID in canonical form, with dashes and in lower case as written, or empty where the process is in no
     * pod's cgroup.
     *
     * @param lines {@code id:controllers:path} each
     * @throws AmbiguousCgroupException where the lines disagree, or one is not of that form
     */
    static Optional<String> podUid(List<String> lines) throws AmbiguousCgroupException {
        @Nullable Container seen = null;
        for (String line : lines) {
            String[] fields = line.split(":", 3);
            if (fields.length < 3 || line.length() > LINE_MAX) {
                throw new AmbiguousCgroupException("a line is not of the form id:controllers:path");
            }
            Container found = container(fields[2]);
            if (found == null) {
                continue;
            }
            if (seen != null && !seen.id.equals(found.id)) {
                throw new AmbiguousCgroupException(
                        "multiple container IDs found in cgroups (" + seen.id + ", " + found.id + ")");
            }
            if (seen != null && !seen.pod.equals(found.pod)) {
                throw new AmbiguousCgroupException(
                        "multiple pod UIDs found in cgroups (" + seen.pod + ", " + found.pod + ")");
            }
            seen = found;
        }
        return seen == null || seen.pod.isEmpty() ? Optional.empty() : Optional.of(seen.pod);
    }

    private static @Nullable Container container(String path) {
        String scope = path.endsWith(".scope") ? path.substring(0, path.length() - ".scope".length()) : path;
        Matcher pod = POD.matcher(scope);
        if (pod.matches()) {
            String uid = String.join("-", pod.group(1), pod.group(2), pod.group(3), pod.group(4), pod.group(5));
            return new Container(pod.group(6), uid);
        }
        Matcher crio = CRIO.matcher(scope);
        return crio.matches() ? new Container(crio.group(1), "") : null;
    }

    private record Container(String id, String pod) {}

    /** The text does not say which one pod the process belongs to. */
    static final class AmbiguousCgroupException extends Exception {
        private static final long serialVersionUID = 1L;

        AmbiguousCgroupException(String message) {
            super(message);
        }
    }
}
