package io.culvert.proxy.rbac;

import io.culvert.proxy.address.IpPort;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The open connections of one pod, for the configuration dump. Loops add and remove; the admin thread reads. */
public final class PodConnections {

    private final Set<InboundConnections.Registration> inbound = ConcurrentHashMap.newKeySet();
    private final Set<Outbound> outbound = ConcurrentHashMap.newKeySet();

    void addInbound(InboundConnections.Registration registration) {
        inbound.add(registration);
    }

    void removeInbound(InboundConnections.Registration registration) {
        inbound.remove(registration);
    }

    /** Enters an outbound connection until {@link #removeOutbound}. */
    public Outbound addOutbound(
            IpPort source, IpPort originalDestination, IpPort actualDestination, Protocol protocol) {
        Outbound connection = new Outbound(source, originalDestination, actualDestination, protocol);
        outbound.add(connection);
        return connection;
    }

    public void removeOutbound(Outbound connection) {
        outbound.remove(connection);
    }

    public List<InboundConnections.Registration> inbound() {
        return List.copyOf(inbound);
    }

    public List<Outbound> outbound() {
        return List.copyOf(outbound);
    }

    /** How an outbound connection is carried; the names are the dump's. */
    public enum Protocol {
        TCP,
        HBONE,
        DOUBLEHBONE
    }

    /** One outbound connection. Compared by identity: two may have the same addresses in quick succession. */
    public static final class Outbound {
        private final IpPort source;
        private final IpPort originalDestination;
        private final IpPort actualDestination;
        private final Protocol protocol;

        private Outbound(IpPort source, IpPort originalDestination, IpPort actualDestination, Protocol protocol) {
            this.source = source;
            this.originalDestination = originalDestination;
            this.actualDestination = actualDestination;
            this.protocol = protocol;
        }

        public IpPort source() {
            return source;
        }

        public IpPort originalDestination() {
            return originalDestination;
        }

        public IpPort actualDestination() {
            return actualDestination;
        }

        public Protocol protocol() {
            return protocol;
        }
    }
}
