package io.culvert.proxy.routing;

import java.util.List;

/**
 * The ports that the proxy takes traffic on. No settings exist for them, because the capture rules know them too
 * (ztunnel config.rs: illegal_ports).
 */
public final class ProxyPorts {

    public static final int OUTBOUND = 15_001;
    public static final int INBOUND_PLAINTEXT = 15_006;
    public static final int INBOUND_HBONE = 15_008;
    public static final int DNS = 15_053;
    public static final int SOCKS5 = 15_080;

    private final List<Integer> illegal;

    private ProxyPorts(List<Integer> illegal) {
        this.illegal = illegal;
    }

    /**
     * The ports of one configuration.
     *
     * @param socks5 whether the SOCKS port is served, and thus no destination either
     */
    public static ProxyPorts of(boolean socks5) {
        return new ProxyPorts(
                socks5
                        ? List.of(INBOUND_HBONE, INBOUND_PLAINTEXT, OUTBOUND, SOCKS5)
                        : List.of(INBOUND_HBONE, INBOUND_PLAINTEXT, OUTBOUND));
    }

    /** Whether a call to this port would come back to the proxy. Admin, stats, readiness and DNS are not among them. */
    public boolean isIllegal(int port) {
        return illegal.contains(port);
    }

    /** For the configuration dump. */
    public List<Integer> illegal() {
        return illegal;
    }
}
