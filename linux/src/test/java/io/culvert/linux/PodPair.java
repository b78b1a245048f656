package io.culvert.linux;

import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.IpPrefix;
import io.culvert.linux.netlink.Route;
import io.culvert.linux.netlink.RouteNetlink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Two namespaces joined by a cable: a node, and a pod whose way to everywhere leads through it. */
public final class PodPair implements AutoCloseable {
    public static final InetAddress NODE_V4 = InetAddress.ofLiteral("10.44.0.1");
    public static final InetAddress POD_V4 = InetAddress.ofLiteral("10.44.0.2");
    public static final InetAddress NODE_V6 = InetAddress.ofLiteral("fd44::1");
    public static final InetAddress POD_V6 = InetAddress.ofLiteral("fd44::2");

    private final Netns node;
    private final Netns pod;

    private PodPair(Netns node, Netns pod) {
        this.node = node;
        this.pod = pod;
    }

    public static PodPair create() throws IOException {
        PodPair pair = new PodPair(Netns.create(), Netns.create());
        try (RouteNetlink inNode = RouteNetlink.open(pair.node);
                RouteNetlink inPod = RouteNetlink.open(pair.pod)) {
            inNode.setUp("lo");
            inPod.setUp("lo");
            inNode.createVeth("veth0", "eth0", pair.pod);
            inNode.setUp("veth0");
            inPod.setUp("eth0");
            inNode.addAddress("veth0", NODE_V4, 24);
            inNode.addAddress("veth0", NODE_V6, 64);
            inPod.addAddress("eth0", POD_V4, 24);
            inPod.addAddress("eth0", POD_V6, 64);
            inPod.replaceRoute(Route.via(IpPrefix.all(IpFamily.V4), NODE_V4));
            inPod.replaceRoute(Route.via(IpPrefix.all(IpFamily.V6), NODE_V6));
            return pair;
        } catch (IOException e) {
            pair.close();
            throw e;
        }
    }

    public Netns node() {
        return node;
    }

    public Netns pod() {
        return pod;
    }

    /** A listener on all addresses, v4 and v6, of a namespace. */
    public static Fd listen(Netns where, int port) throws IOException {
        Fd fd = where.call(() -> Sockets.tcp(true));
        Sockets.bind(fd, new InetSocketAddress(InetAddress.ofLiteral("::"), port));
        Sockets.listen(fd, 16);
        return fd;
    }

    /** A connection under way from a namespace; with a mark unless 0. */
    public static Fd dial(Netns from, InetSocketAddress to, int mark) throws IOException {
        Fd fd = from.call(() -> Sockets.tcp(to.getAddress().getAddress().length == 16));
        if (mark != 0) {
            SocketOptions.setMark(fd.number(), mark);
        }
        var _ = Sockets.connect(fd, to);
        return fd;
    }

    public static Fd accept(Fd listener) throws IOException {
        return TestKernel.await("a connection on " + listener, () -> Sockets.accept(listener));
    }

    @Override
    public void close() {
        node.close();
        pod.close();
    }
}
