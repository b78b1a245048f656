package io.culvert.proxy.dns;

import io.culvert.linux.Errno;
import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.proxy.config.DnsAddress;
import io.culvert.proxy.inpod.PodSockets;
import io.culvert.xds.mesh.IpAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** The bound sockets of one pod's DNS proxy, until a loop serves them. Closed by whoever does not hand them over. */
public final class DnsListeners implements AutoCloseable {

    private static final IpAddress LOCALHOST_V4 = IpAddress.parse("127.0.0.1");
    private static final IpAddress LOCALHOST_V6 = IpAddress.parse("::1");

    private final List<Fd> tcp = new ArrayList<>(2);
    private final List<Fd> udp = new ArrayList<>(2);

    private DnsListeners() {}

    /**
     * Binds, for each address TCP and then UDP.
     *
     * @throws KernelException if one cannot be bound; then none is
     */
    static DnsListeners bind(PodSockets sockets, DnsAddress address, boolean ipv6) throws KernelException {
        DnsListeners bound = new DnsListeners();
        try {
            switch (address) {
                case DnsAddress.Explicit explicit ->
                    bound.add(sockets, explicit.at().toInetSocketAddress());
                case DnsAddress.Localhost localhost -> {
                    bound.add(sockets, at(LOCALHOST_V4, localhost.port()));
                    if (ipv6) {
                        bound.addIfThere(sockets, at(LOCALHOST_V6, localhost.port()));
                    }
                }
            }
            return bound;
        } catch (KernelException | RuntimeException e) {
            bound.close();
            throw e;
        }
    }

    private static InetSocketAddress at(IpAddress address, int port) {
        return new InetSocketAddress(address.toInetAddress(), port);
    }

    /** A pod whose loopback interface has no IPv6 has no ::1 to bind to, and no client that could ask there. */
    private void addIfThere(PodSockets sockets, InetSocketAddress address) throws KernelException {
        try {
            add(sockets, address);
        } catch (KernelException e) {
            if (e.errno() != Errno.EADDRNOTAVAIL && e.errno() != Errno.EAFNOSUPPORT) {
                throw e;
            }
        }
    }

    private void add(PodSockets sockets, InetSocketAddress address) throws KernelException {
        tcp.add(sockets.listenAt(address));
        udp.add(sockets.datagramsAt(address));
    }

    List<Integer> releaseTcp() {
        return tcp.stream().map(Fd::release).toList();
    }

    List<Integer> releaseUdp() {
        return udp.stream().map(Fd::release).toList();
    }

    @Override
    public void close() {
        tcp.forEach(Fd::close);
        udp.forEach(Fd::close);
    }
}
