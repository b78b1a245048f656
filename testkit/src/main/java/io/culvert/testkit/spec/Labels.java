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

    /** Of a node: the network of its proxy and pods, where that is not the mesh's. */
    public static final String NETWORK = "topology.istio.io/network";
    /**
     * Of a pod, with any value: port 15008 of it is how other networks reach the pods of its own. A key of this
     * testkit's; Istio says it by a Gateway resource.
     */
    public static final String NETWORK_GATEWAY = "culvert.io/network-gateway";

    private Labels() {}
}
