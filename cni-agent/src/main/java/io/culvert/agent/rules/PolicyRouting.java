package io.culvert.agent.rules;

import io.culvert.linux.Errno;
import io.culvert.linux.KernelException;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.IpPrefix;
import io.culvert.linux.netlink.Route;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.linux.netlink.Rule;
import java.io.IOException;
import java.util.List;

/**
 * Sends the replies of connections that the proxy opened towards the application, in the name of the original client,
 * back to the proxy: packets with the return mark look into table 100, where everything is local
 * [istio cni/pkg/iptables/iptables_linux.go AddInpodMarkIPRule, AddLoopbackRoutes].
 *
 * <p>Each family stands for itself: what one has already never keeps the other from being added. Works on a netlink
 * socket that was opened in the pod's namespace.
 */
final class PolicyRouting {
    static final int TABLE = 100;
    static final int PRIORITY = 32764;

    private final List<IpFamily> families;

    PolicyRouting(List<IpFamily> families) {
        this.families = List.copyOf(families);
    }

    void apply(RouteNetlink netlink) throws IOException {
        int loopback = netlink.link("lo").index();
        for (IpFamily family : families) {
            netlink.replaceRoute(route(family, loopback));
            ignoring(Errno.EEXIST, () -> netlink.addRule(rule(family)));
        }
    }

    /** What is missing from the kernel's own account; empty where all is in place. */
    String missing(RouteNetlink netlink) throws IOException {
        int loopback = netlink.link("lo").index();
        List<Rule> rules = netlink.rules();
        List<Route> routes = netlink.routes(TABLE);
        for (IpFamily family : families) {
            if (!rules.contains(rule(family))) {
                return "the IP" + family + " rule for mark 0x111";
            }
            Route wanted = route(family, loopback);
            // The kernel fills in a metric and, for IPv6, another scope: they are not ours to compare.
            if (routes.stream().noneMatch(route -> sameRoute(route, wanted))) {
                return "the IP" + family + " default route of table " + TABLE;
            }
        }
        return "";
    }

    private static boolean sameRoute(Route held, Route wanted) {
        return held.type() == wanted.type()
                && held.destination().equals(wanted.destination())
                && held.hop().equals(wanted.hop());
    }

    /** Both families, whatever the settings are now: an earlier run may have had others. */
    static void remove(RouteNetlink netlink) throws IOException {
        int loopback = netlink.link("lo").index();
        for (IpFamily family : IpFamily.values()) {
            ignoring(Errno.ENOENT, () -> netlink.deleteRule(rule(family)));
            for (Route held : netlink.routes(TABLE)) {
                if (sameRoute(held, route(family, loopback))) {
                    netlink.deleteRoute(held);
                }
            }
        }
    }

    private static Rule rule(IpFamily family) {
        return new Rule(family, PRIORITY, Marks.RETURN, Marks.MASK, TABLE);
    }

    private static Route route(IpFamily family, int loopback) {
        return Route.local(IpPrefix.all(family), loopback).inTable(TABLE);
    }

    private interface NetlinkCall {
        void run() throws KernelException;
    }

    private static void ignoring(int errno, NetlinkCall call) throws KernelException {
        try {
            call.run();
        } catch (KernelException e) {
            if (e.errno() != errno) {
                throw e;
            }
        }
    }
}
