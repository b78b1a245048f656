package io.culvert.agent.eligibility;

/** Why a pod is, or is not, to be in the mesh. Exactly one is yes. */
public enum Verdict {
    ELIGIBLE("eligible"),
    /** Shares the node's namespace, which must never be redirected. */
    HOST_NETWORK("spec.hostNetwork is true"),
    /** A sidecar already redirects it. */
    SIDECAR("annotation sidecar.istio.io/status is present"),
    NAMESPACE_EXCLUDED("its namespace is in EXCLUDE_NAMESPACES"),
    /** The namespace has not reached the cache; no label of it can be judged. */
    NAMESPACE_UNKNOWN("its namespace is not known yet"),
    NOT_SELECTED("no enablement selector matches its labels and those of its namespace");

    private final String reason;

    Verdict(String reason) {
        this.reason = reason;
    }

    /** For operators: completes "pod x: ...". */
    public String reason() {
        return reason;
    }

    public boolean yes() {
        return this == ELIGIBLE;
    }
}
