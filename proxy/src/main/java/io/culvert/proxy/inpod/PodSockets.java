package io.culvert.proxy.inpod;

import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import io.culvert.linux.netlink.SocketDiag;
import io.culvert.xds.mesh.IpAddress;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the sockets of one pod, in its namespace. Every socket returned is non-blocking and belongs to the caller; on
 * any error nothing is left open.
 *
 * <p>Only what has to happen inside happens inside: the socket is made there, which ties it to the namespace for ever;
 * options, bind and listen then work from anywhere. So each window is one system call long. Listeners are opened on the
 * ZDS thread, dial sockets on data loops. Options follow ztunnel's socket.rs and inpod/config.rs.
 */
public final class PodSockets {

    private static final Logger log = LoggerFactory.getLogger(PodSockets.class);

    private static final int BACKLOG = 128;
    private static final IpAddress WILDCARD_V6 = IpAddress.parse("::");
    private static final IpAddress WILDCARD_V4 = IpAddress.parse("0.0.0.0");
    private static final IpAddress LOOPBACK = IpAddress.parse("127.0.0.1");

    private final Making making;
    private final SharedPorts.Place place;
    private final PodSocketSettings settings;
    private final boolean marksListeners;

    private PodSockets(Making making, SharedPorts.Place place, PodSocketSettings settings, boolean marksListeners) {
        this.making = making;
        this.place = place;
        this.settings = settings;
        this.marksListeners = marksListeners;
    }

    /**
     * The sockets of one pod.
     *
     * @param netns lent: whoever made it keeps it open while sockets are made
     */
    public PodSockets(Netns netns, PodSocketSettings settings) {
        this(new Inside(netns), () -> SocketDiag.open(netns), settings, true);
    }

    /**
     * Sockets where the process itself is, for which no capability is needed. Only what dials is marked, as by the
     * original in dedicated mode.
     */
    public static PodSockets here(PodSocketSettings settings) {
        return new PodSockets(new Here(), SocketDiag::open, settings, false);
    }

    private interface Making {
        Fd tcp(boolean v6) throws KernelException;

        Fd udp(boolean v6) throws KernelException;
    }

    private record Inside(Netns netns) implements Making {
        @Override
        public Fd tcp(boolean v6) throws KernelException {
            return netns.<Fd, KernelException>call(() -> Sockets.tcp(v6));
        }

        @Override
        public Fd udp(boolean v6) throws KernelException {
            return netns.<Fd, KernelException>call(() -> Sockets.udp(v6));
        }
    }

    private record Here() implements Making {
        @Override
        public Fd tcp(boolean v6) throws KernelException {
            return Sockets.tcp(v6);
        }

        @Override
        public Fd udp(boolean v6) throws KernelException {
            return Sockets.udp(v6);
        }
    }

    /**
     * A listener, and what it may do.
     *
     * @param fd owned by the taker
     * @param transparent whether connections that come through it may keep their caller's address
     */
    public record Listener(Fd fd, boolean transparent) implements AutoCloseable {
        @Override
        public void close() {
            fd.close();
        }
    }

    /**
     * Listens on a port of the wildcard address. Accepted sockets inherit mark, TCP_NODELAY and, if asked for,
     * keepalive, so that none of them costs a call per connection.
     *
     * @param keepalive for the accepted sockets; not on 15008, where HTTP/2 pings do that work
     * @throws KernelException EADDRINUSE if somebody else has the port; EPERM without the capabilities
     */
    public Listener listen(int port, boolean keepalive) throws KernelException {
        return listen(settings.ipv6() ? WILDCARD_V6 : WILDCARD_V4, port, keepalive);
    }

    /** As {@link #listen(int, boolean)}, for callers on the pod's own IPv4 loopback alone; without keepalive. */
    public Listener listenOnLoopback(int port) throws KernelException {
        return listen(LOOPBACK, port, false);
    }

    private Listener listen(IpAddress address, int port, boolean keepalive) throws KernelException {
        Fd fd = create(!address.isV4());
        try {
            int number = fd.number();
            if (marksListeners) {
                mark(number);
            }
            if (settings.reusePort()) {
                reusePort(number);
            } else {
                // Connections of an earlier process that are still going away do not keep the port.
                SocketOptions.setReuseAddress(number);
            }
            boolean transparent = transparent(number);
            SocketOptions.setNoDelay(number);
            if (keepalive) {
                keepAccepted(number);
            }
            Sockets.bind(fd, new InetSocketAddress(address.toInetAddress(), port));
            Sockets.listen(fd, BACKLOG);
            return new Listener(fd, transparent);
        } catch (KernelException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** As {@link #listen}, for HBONE: without keepalive, and what it accepts sends as tunnels are to. */
    public Listener listenForTunnels(int port) throws KernelException {
        Listener listener = listen(port, false);
        congestionControl(listener.fd());
        return listener;
    }

    /**
     * Takes all new connections to the ports of these listeners from an older generation of the proxy, if there is one.
     */
    public SharedPorts share(List<Listener> listeners) {
        return settings.reusePort() ? SharedPorts.join(place, listeners) : SharedPorts.exclusive();
    }

    /**
     * Listens for TCP on one address, for conversations that are answered here and go nowhere else: without
     * transparency and keepalive.
     *
     * @throws KernelException EADDRINUSE if somebody else has it; EADDRNOTAVAIL if the pod does not have it
     */
    public Fd listenAt(InetSocketAddress address) throws KernelException {
        Fd fd = create(isV6(address));
        try {
            if (marksListeners) {
                mark(fd.number());
            }
            if (settings.reusePort()) {
                reusePort(fd.number());
            } else {
                SocketOptions.setReuseAddress(fd.number());
            }
            SocketOptions.setNoDelay(fd.number());
            Sockets.bind(fd, address);
            Sockets.listen(fd, BACKLOG);
            return fd;
        } catch (KernelException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** Takes datagrams on one address, as {@link #listenAt} takes connections. */
    public Fd datagramsAt(InetSocketAddress address) throws KernelException {
        Fd fd = createUdp(isV6(address));
        try {
            if (marksListeners) {
                mark(fd.number());
            }
            if (settings.reusePort()) {
                SocketOptions.setReusePort(fd.number());
            }
            Sockets.bind(fd, address);
            return fd;
        } catch (KernelException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * A UDP socket for one query to {@code server}, connected: nobody else's answer is taken. Its port is the kernel's
     * choice and not shared, or another socket could take the answer.
     */
    public Fd queryTo(InetSocketAddress server) throws KernelException {
        Fd fd = createUdp(isV6(server));
        try {
            mark(fd.number()); // the pod's rules would send it back here
            var _ = Sockets.connect(fd, server);
            return fd;
        } catch (KernelException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static boolean isV6(InetSocketAddress address) {
        return address.getAddress() instanceof Inet6Address;
    }

    /** A setting that the kernel refuses costs the probes, never the listener. */
    private void keepAccepted(int listener) {
        try {
            keepalive(listener);
            userTimeout(listener);
        } catch (KernelException e) {
            log.warn("accepted connections go without keepalive: {}", e.getMessage());
        }
    }

    /** An unconnected socket for a dial to an address elsewhere, with keepalive. */
    public Fd dial(IpAddress destination) throws KernelException {
        Fd fd = dialOwn(destination);
        try {
            keepalive(fd.number());
            return fd;
        } catch (KernelException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** As {@link #dial}, for HBONE. */
    public Fd dialTunnel(IpAddress destination) throws KernelException {
        Fd fd = dial(destination);
        congestionControl(fd);
        return fd;
    }

    /** The start has tried it; what fails here all the same costs speed at most. */
    private void congestionControl(Fd fd) {
        if (settings.congestionControl().isEmpty()) {
            return;
        }
        try {
            SocketOptions.setCongestionControl(fd.number(), settings.congestionControl());
        } catch (KernelException e) {
            log.debug("a tunnel keeps the kernel's congestion control: {}", e.getMessage());
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * An unconnected socket for a dial to an address of the pod itself. Without keepalive probes: the two ends share a
     * kernel, and neither can vanish without the other hearing of it.
     */
    public Fd dialOwn(IpAddress destination) throws KernelException {
        Fd fd = create(!destination.isV4());
        try {
            int number = fd.number();
            SocketOptions.setNoDelay(number);
            userTimeout(number);
            mark(number); // before connect: the pod's rules see the first packet
            return fd;
        } catch (KernelException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * As {@link #dialOwn}, for a dial that keeps the caller's address. Where that address is the destination's own, or
     * cannot be had, it is a plain one: a connection is worth more than its source.
     */
    public Fd dialOwnFrom(IpAddress source, IpAddress destination) throws KernelException {
        Fd fd = dialOwn(destination);
        try {
            if (!source.equals(destination) && source.isV4() == destination.isV4()) {
                spoof(fd, source);
            }
            return fd;
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private Fd create(boolean v6) throws KernelException {
        return making.tcp(v6);
    }

    private Fd createUdp(boolean v6) throws KernelException {
        return making.udp(v6);
    }

    private void mark(int fd) throws KernelException {
        if (settings.mark() != 0) {
            SocketOptions.setMark(fd, settings.mark());
        }
    }

    private static void reusePort(int fd) {
        try {
            SocketOptions.setReusePort(fd);
        } catch (KernelException e) {
            log.warn("SO_REUSEPORT not set, an upgrade will not share the port: {}", e.getMessage());
        }
    }

    private boolean transparent(int fd) throws KernelException {
        if (settings.transparency() == PodSocketSettings.Transparency.OFF) {
            return false;
        }
        try {
            // The IPv4 option also on IPv6 sockets: there it means both (net/ipv6 shares inet_sk's flag).
            SocketOptions.setTransparent(fd, false);
            return true;
        } catch (KernelException e) {
            if (settings.transparency() == PodSocketSettings.Transparency.REQUIRED) {
                throw e;
            }
            log.debug("callers' addresses will not be kept: {}", e.getMessage());
            return false;
        }
    }

    private void keepalive(int fd) throws KernelException {
        PodSocketSettings.Keepalive keepalive = settings.keepalive();
        if (keepalive.enabled()) {
            SocketOptions.setKeepalive(
                    fd,
                    Math.toIntExact(keepalive.idle().toSeconds()),
                    Math.toIntExact(keepalive.interval().toSeconds()),
                    keepalive.retries());
        }
    }

    private void userTimeout(int fd) throws KernelException {
        PodSocketSettings.Keepalive keepalive = settings.keepalive();
        if (keepalive.userTimeout()) {
            SocketOptions.setUserTimeoutMillis(fd, keepalive.userTimeoutMillis());
        }
    }

    private static void spoof(Fd fd, IpAddress source) {
        boolean v6 = !source.isV4();
        try {
            // Transparent implies what IP_FREEBIND allows. The port is left to connect: chosen here, it would have to
            // be free towards every destination, and a busy caller would run out of them.
            SocketOptions.setTransparent(fd.number(), v6);
            SocketOptions.setBindAddressNoPort(fd.number());
            Sockets.bind(fd, new InetSocketAddress(source.toInetAddress(), 0));
        } catch (KernelException e) {
            log.warn("caller's address not kept, dialling from the pod's own: {}", e.getMessage());
        }
    }
}
