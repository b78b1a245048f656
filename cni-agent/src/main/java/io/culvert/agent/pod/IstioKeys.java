package io.culvert.agent.pod;

/** Labels and annotations that the agent reads or writes [istio cni/pkg/util/podutil.go, api/annotation]. */
public final class IstioKeys {
    /** Status annotation, written by the agent. */
    public static final String REDIRECTION = "ambient.istio.io/redirection";
    /** Presence with any value: the pod has a sidecar and never joins the ambient mesh. */
    public static final String SIDECAR_STATUS = "sidecar.istio.io/status";
    /** Boolean: true leaves inbound traffic alone (gateways). */
    public static final String BYPASS_INBOUND = "ambient.istio.io/bypass-inbound-capture";
    /** Boolean: overrides the agent's DNS capture default for this pod, both ways. */
    public static final String DNS_CAPTURE = "ambient.istio.io/dns-capture";
    /** Comma list of interfaces inside the pod whose ingress TCP counts as outbound. */
    public static final String VIRTUAL_INTERFACES = "istio.io/reroute-virtual-interfaces";

    private IstioKeys() {}
}
