package io.culvert.linux.netlink;

import io.culvert.linux.Errno;
import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Links, addresses, routes and routing rules of one network namespace: the one in which this was opened.
 *
 * <p>Every change is acknowledged by the kernel before the call returns. A {@link KernelException} names what was
 * attempted and carries errno: EEXIST for what is there already, ENODEV for an unknown link, ESRCH or ENOENT for an
 * unknown route, ENOENT for an unknown rule, EPERM without CAP_NET_ADMIN. Names that no interface can have are an
 * {@link IllegalArgumentException}.
 */
public final class RouteNetlink implements AutoCloseable {
    private final NetlinkSocket socket;

    private RouteNetlink(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** For the calling thread's namespace. */
    public static RouteNetlink open() throws KernelException {
        return new RouteNetlink(NetlinkSocket.open(NetlinkSocket.ROUTE));
    }

    /** For another namespace. */
    public static RouteNetlink open(Netns netns) throws KernelException {
        return netns.call(RouteNetlink::open);
    }

    public List<Link> links() throws KernelException {
        List<Link> links = new ArrayList<>();
        for (Message message : socket.dump("list links", LinkMessages::dump)) {
            links.add(LinkMessages.read(message));
        }
        return links;
    }

    public Optional<Link> findLink(String name) throws KernelException {
        try {
            return Optional.of(link(name));
        } catch (KernelException e) {
            if (e.errno() == Errno.ENODEV) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * The link of this name.
     *
     * @throws KernelException ENODEV if there is none
     */
    public Link link(String name) throws KernelException {
        String attempt = "find link " + name;
        for (Message message : socket.request(attempt, number -> LinkMessages.get(number, name))) {
            return LinkMessages.read(message);
        }
        throw new KernelException(Errno.EPROTO, attempt, "the kernel answered without a link");
    }

    /** Two interfaces joined by a cable, both in this namespace. */
    public void createVeth(String name, String peerName) throws KernelException {
        socket.request(
                "create veth pair " + name + " and " + peerName,
                number -> LinkMessages.create(number, name, "veth", out -> LinkMessages.vethPeer(out, peerName, -1)));
    }

    /** Two interfaces joined by a cable, the second made in another namespace at once. */
    public void createVeth(String name, String peerName, Netns peerNetns) throws KernelException {
        try (Fd there = peerNetns.fd().duplicate()) {
            socket.request(
                    "create veth pair " + name + " and " + peerName + " in " + peerNetns,
                    number -> LinkMessages.create(
                            number, name, "veth", out -> LinkMessages.vethPeer(out, peerName, there.number())));
        }
    }

    public void createBridge(String name) throws KernelException {
        socket.request("create bridge " + name, number -> LinkMessages.create(number, name, "bridge", out -> {}));
    }

    public void setUp(String name) throws KernelException {
        int index = link(name).index();
        socket.request(
                "set link " + name + " up",
                number -> LinkMessages.setFlags(number, index, LinkMessages.IFF_UP, LinkMessages.IFF_UP));
    }

    public void setDown(String name) throws KernelException {
        int index = link(name).index();
        socket.request(
                "set link " + name + " down", number -> LinkMessages.setFlags(number, index, 0, LinkMessages.IFF_UP));
    }

    /** Makes the link a port of a bridge. */
    public void setMaster(String name, String bridge) throws KernelException {
        int index = link(name).index();
        int master = link(bridge).index();
        socket.request(
                "make link " + name + " a port of " + bridge, number -> LinkMessages.setMaster(number, index, master));
    }

    /** Moves the link to another namespace, where it is down and has no addresses. */
    public void setNetns(String name, Netns netns) throws KernelException {
        int index = link(name).index();
        try (Fd there = netns.fd().duplicate()) {
            socket.request(
                    "move link " + name + " to " + netns,
                    number -> LinkMessages.setNamespace(number, index, there.number()));
        }
    }

    public void rename(String name, String newName) throws KernelException {
        int index = link(name).index();
        socket.request("rename link " + name + " to " + newName, number -> LinkMessages.rename(number, index, newName));
    }

    public void setMtu(String name, int mtu) throws KernelException {
        int index = link(name).index();
        socket.request("set mtu of link " + name + " to " + mtu, number -> LinkMessages.setMtu(number, index, mtu));
    }

    /**
     * Gives an Ethernet link another address.
     *
     * @param address six bytes
     */
    public void setHardwareAddress(String name, byte[] address) throws KernelException {
        int index = link(name).index();
        socket.request(
                "set hardware address of link " + name,
                number -> LinkMessages.setHardwareAddress(number, index, address));
    }

    /** Deletes the link, and with one end of a veth pair the other. */
    public void deleteLink(String name) throws KernelException {
        int index = link(name).index();
        socket.request("delete link " + name, number -> LinkMessages.delete(number, index));
    }

    public List<InterfaceAddress> addresses() throws KernelException {
        List<InterfaceAddress> addresses = new ArrayList<>();
        for (Message message : socket.dump("list addresses", AddressMessages::dump)) {
            addresses.add(AddressMessages.read(message));
        }
        return addresses;
    }

    /** Adds an address that can be used at once, IPv6 too (no duplicate address detection). */
    public void addAddress(String link, InetAddress address, int prefixLength) throws KernelException {
        int index = link(link).index();
        socket.request(
                "add address " + address.getHostAddress() + "/" + prefixLength + " to link " + link,
                number -> AddressMessages.add(number, index, address, prefixLength));
    }

    public void deleteAddress(String link, InetAddress address, int prefixLength) throws KernelException {
        int index = link(link).index();
        socket.request(
                "delete address " + address.getHostAddress() + "/" + prefixLength + " of link " + link,
                number -> AddressMessages.delete(number, index, address, prefixLength));
    }

    /** The entries of one table, IPv4 before IPv6. */
    public List<Route> routes(int table) throws KernelException {
        List<Route> routes = new ArrayList<>();
        for (IpFamily family : IpFamily.values()) {
            for (Message message : socket.dump("list routes", number -> RouteMessages.dumpRoutes(number, family))) {
                RouteMessages.readRoute(message, family)
                        .filter(route -> route.table() == table)
                        .ifPresent(routes::add);
            }
        }
        return routes;
    }

    /** Adds the route, or puts it in the place of one with the same destination, table and metric. */
    public void replaceRoute(Route route) throws KernelException {
        socket.request("replace " + text(route), number -> RouteMessages.replace(number, route));
    }

    /**
     * Deletes a route.
     *
     * @throws KernelException ESRCH if there is none, or from IPv6 also ENOENT
     */
    public void deleteRoute(Route route) throws KernelException {
        socket.request("delete " + text(route), number -> RouteMessages.delete(number, route));
    }

    /** The routing rules, IPv4 before IPv6, each in order of priority. */
    public List<Rule> rules() throws KernelException {
        List<Rule> rules = new ArrayList<>();
        for (IpFamily family : IpFamily.values()) {
            for (Message message : socket.dump("list rules", number -> RouteMessages.dumpRules(number, family))) {
                rules.add(RouteMessages.readRule(message, family));
            }
        }
        return rules;
    }

    /**
     * Adds a rule.
     *
     * @throws KernelException EEXIST if there is one like it
     */
    public void addRule(Rule rule) throws KernelException {
        socket.request("add " + text(rule), number -> RouteMessages.addRule(number, rule));
    }

    /**
     * Deletes a rule.
     *
     * @throws KernelException ENOENT if there is none
     */
    public void deleteRule(Rule rule) throws KernelException {
        socket.request("delete " + text(rule), number -> RouteMessages.deleteRule(number, rule));
    }

    private static String text(Route route) {
        return "route to " + route.destination() + " in table " + route.table();
    }

    private static String text(Rule rule) {
        return "IP" + rule.family() + " rule " + rule.priority() + " for table " + rule.table();
    }

    @Override
    public void close() {
        socket.close();
    }
}
