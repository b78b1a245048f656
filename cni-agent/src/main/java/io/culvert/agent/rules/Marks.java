package io.culvert.agent.rules;

/**
 * Packet marks and ports that the rules share with the proxy [istio cni/pkg/config/config.go; ztunnel src/proxy.rs].
 */
final class Marks {
    /** Which bits of a mark are ours; the others belong to whoever else marks packets in the pod. */
    static final int MASK = 0xfff;
    /** SO_MARK of every socket that the proxy opens in the pod: not to be captured again. */
    static final int PROXY = 0x539;
    /**
     * On the connections that the proxy opens to the application, and so on the application's replies: back to the
     * proxy.
     */
    static final int RETURN = 0x111;

    static final int OUTBOUND_PORT = 15001;
    static final int INBOUND_PLAINTEXT_PORT = 15006;
    /** The proxy listens here itself; never redirected. */
    static final int INBOUND_HBONE_PORT = 15008;

    static final int DNS_PROXY_PORT = 15053;
    static final int DNS_PORT = 53;
    /** Conntrack zone of the proxy's own DNS queries, whose source ports may collide with the application's. */
    static final int DNS_ZONE = 1;

    private Marks() {}
}
