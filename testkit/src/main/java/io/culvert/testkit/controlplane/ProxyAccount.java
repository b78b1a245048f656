package io.culvert.testkit.controlplane;

/**
 * Who a proxy is, by its token: what a projected Kubernetes token binds.
 *
 * @param node the node that it may act for
 */
public record ProxyAccount(String node, String namespace, String serviceAccount, String pod) {
    /** The proxy of a node as the chart installs it. */
    public static ProxyAccount ofNode(String node) {
        return new ProxyAccount(node, "istio-system", "ztunnel", "ztunnel-" + node);
    }
}
