package io.culvert.agent.pod;

import java.util.Map;

/** The agent's own status annotation on a pod, {@code ambient.istio.io/redirection}. */
public enum Redirection {
    /** Not in the mesh as far as the API knows. */
    ABSENT,
    /**
     * Rules are in place or about to be, no proxy has accepted the pod yet. istiod advertises such a pod as not
     * HBONE-capable. Whoever finds it on a pod that is not wanted has to look for rules: istio-cni does, too.
     */
    PENDING,
    /** Fully captured. */
    ENABLED;

    /** Reads the annotation; a value that is neither of ours counts as absent. */
    public static Redirection of(Map<String, String> annotations) {
        return switch (annotations.getOrDefault(IstioKeys.REDIRECTION, "")) {
            case "enabled" -> ENABLED;
            case "pending" -> PENDING;
            default -> ABSENT;
        };
    }
}
