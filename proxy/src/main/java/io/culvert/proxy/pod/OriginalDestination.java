package io.culvert.proxy.pod;

import io.culvert.linux.KernelException;
import io.culvert.linux.SocketOptions;
import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.relay.LoopSocket;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a captured connection was going before the pod's rules turned it to us (ztunnel
 * socket.rs:orig_dst_addr_or_default).
 */
public final class OriginalDestination {

    private static final Logger log = LoggerFactory.getLogger(OriginalDestination.class);
    private static final IpPort UNKNOWN = IpPort.of(new InetSocketAddress(0));

    private OriginalDestination() {}

    /** The original destination; the socket's own address if it came here by itself. */
    public static IpPort of(LoopSocket socket) {
        try {
            InetSocketAddress original = SocketOptions.originalDestination(socket.fdNumber());
            if (original != null) {
                return IpPort.of(original);
            }
        } catch (KernelException e) {
            log.debug("no original destination: {}", e.getMessage());
        }
        return local(socket);
    }

    /** The socket's own address; the wildcard if the connection is gone already. */
    public static IpPort local(LoopSocket socket) {
        InetSocketAddress local = socket.localAddress();
        return local == null ? UNKNOWN : IpPort.of(local);
    }
}
