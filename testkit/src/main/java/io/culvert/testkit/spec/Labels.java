package io.culvert.testkit.spec;

/** Keys that Istio and Kubernetes gave a meaning (istio: pkg/config/constants, cni/pkg/util/podutil.go). */
public final class Labels {
    /** On a namespace or pod: {@value #AMBIENT} or {@value #NONE}. */
    public static final String DATAPLANE_MODE = "istio.io/dataplane-mode";

    public static final String AMBIENT = "ambient";
    public static final String NONE = "none";

    /** Annotation whose presence, with any value, keeps a pod out of ambient. */
    public static final String SIDECAR_STATUS = "sidecar.istio.io/status";
    /** Annotation that the node agent writes: {@code enabled} or {@code pending}. */
    public static final String REDIRECTION = "ambient.istio.io/redirection";

    /** Set by Kubernetes itself on every namespace. */
    public static final String NAMESPACE_NAME = "kubernetes.io/metadata.name";

    public static final String REGION = "topology.kubernetes.io/region";
    public static final String ZONE = "topology.kubernetes.io/zone";
    public static final String SUBZONE = "topology.istio.io/subzone";

    private Labels() {}
}
