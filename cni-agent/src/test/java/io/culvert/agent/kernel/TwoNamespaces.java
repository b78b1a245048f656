package io.culvert.agent.kernel;

import io.culvert.linux.Netns;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.IpPrefix;
import io.culvert.linux.netlink.Route;
import io.culvert.linux.netlink.RouteNetlink;
import java.io.IOException;
import java.net.InetAddress;

/** A pod and what is outside of it, joined by a cable; the pod's default route leads outside. Both families. */
public final class TwoNamespaces implements AutoCloseable {
    public static final InetAddress POD4 = InetAddress.ofLiteral("10.99.0.2");
    public static final InetAddress POD6 = InetAddress.ofLiteral("fd99::2");
    public static final InetAddress OUTSIDE4 = InetAddress.ofLiteral("10.99.0.1");
    public static final InetAddress OUTSIDE6 = InetAddress.ofLiteral("fd99::1");

    private final Netns pod;
    private final Netns outside;

    private TwoNamespaces(Netns pod, Netns outside) {
        this.pod = pod;
        this.outside = outside;
    }

    public static TwoNamespaces create() throws IOException {
        TwoNamespaces both = new TwoNamespaces(Netns.create(), Netns.create());
        try (RouteNetlink there = RouteNetlink.open(both.outside);
                RouteNetlink here = RouteNetlink.open(both.pod)) {
            there.createVeth("eth0", "eth0", both.pod);
            plug(there, OUTSIDE4, OUTSIDE6);
            plug(here, POD4, POD6);
            here.replaceRoute(Route.via(IpPrefix.all(IpFamily.V4), OUTSIDE4));
            here.replaceRoute(Route.via(IpPrefix.all(IpFamily.V6), OUTSIDE6));
            awaitOwn(there, OUTSIDE6);
            awaitOwn(here, POD6);
        } catch (IOException e) {
            both.close();
            throw e;
        }
        return both;
    }

    private static void plug(RouteNetlink netlink, InetAddress v4, InetAddress v6) throws IOException {
        netlink.setUp("lo");
        netlink.setUp("eth0");
        netlink.addAddress("eth0", v4, 24);
        netlink.addAddress("eth0", v6, 64);
    }

    /**
     * Until the kernel takes packets for the address as its own. For IPv6 that comes some time after the address
     * itself, when the cable's carrier has been noticed; until then they would leave by the default route.
     */
    private static void awaitOwn(RouteNetlink netlink, InetAddress address) {
        IpPrefix own = IpPrefix.host(address);
        Kernel.await("a local route")
                .until(() -> netlink.routes(Route.LOCAL_TABLE).stream()
                        .anyMatch(route -> route.destination().equals(own)));
    }

    /** Gives the outside another address, for callers that are somebody special. */
    public void addOutsideAddress(InetAddress address) throws IOException {
        try (RouteNetlink netlink = RouteNetlink.open(outside)) {
            netlink.addAddress("eth0", address, address.getAddress().length * 8);
            awaitOwn(netlink, address);
        }
    }

    public Netns pod() {
        return pod;
    }

    public Netns outside() {
        return outside;
    }

    @Override
    public void close() {
        pod.close();
        outside.close();
    }
}
