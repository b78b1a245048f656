package io.culvert.testkit.network;

import io.culvert.linux.Netns;
import io.culvert.linux.netlink.IpPrefix;
import io.culvert.linux.netlink.Route;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.Dual;
import io.culvert.testkit.spec.Subnet;
import java.io.IOException;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What joins the nodes: a namespace with a bridge, on which the control plane and the Kubernetes API listen. Every node
 * has a route to every other node's pods (as a host-gateway CNI gives), and the fabric to all of them.
 */
public final class Fabric implements AutoCloseable {
    static final String BRIDGE = "fabric0";

    private final RunDirectory run;
    private final NamedNetns named;
    private final AddressPlan plan;
    private final Map<String, NodeNetwork> nodes = new LinkedHashMap<>();

    private Fabric(RunDirectory run, NamedNetns named, AddressPlan plan) {
        this.run = run;
        this.named = named;
        this.plan = plan;
    }

    /** Makes the fabric's namespace, without nodes yet. */
    public static Fabric create(RunDirectory run, AddressPlan plan) throws IOException {
        NamedNetns named = NamedNetns.create(run, "fabric");
        try (RouteNetlink netlink = RouteNetlink.open(named.netns())) {
            Sysctls.write(named.netns(), Sysctls.QUIET_V6);
            Sysctls.write(named.netns(), Sysctls.FORWARDING);
            netlink.setUp("lo");
            netlink.createBridge(BRIDGE);
            netlink.setUp(BRIDGE);
            addAddresses(netlink, BRIDGE, plan.fabricBridge(), plan.fabric());
            addAddresses(netlink, BRIDGE, plan.controlPlane(), plan.fabric());
            addAddresses(netlink, BRIDGE, plan.kubeApi(), plan.fabric());
            return new Fabric(run, named, plan);
        } catch (IOException failure) {
            named.close();
            throw failure;
        }
    }

    public Netns netns() {
        return named.netns();
    }

    public NamedNetns named() {
        return named;
    }

    /** Attaches a node of the plan. */
    public NodeNetwork addNode(String name) throws IOException {
        NodeNetwork node = NodeNetwork.create(run, this, name, plan, nodes.size());
        nodes.put(name, node);
        routeTo(node);
        return node;
    }

    private void routeTo(NodeNetwork added) throws IOException {
        try (RouteNetlink netlink = RouteNetlink.open(netns())) {
            addPodRoutes(netlink, added.name());
        }
        for (NodeNetwork other : nodes.values()) {
            if (other != added) {
                try (RouteNetlink there = RouteNetlink.open(other.netns());
                        RouteNetlink here = RouteNetlink.open(added.netns())) {
                    addPodRoutes(there, added.name());
                    addPodRoutes(here, other.name());
                }
            }
        }
    }

    private void addPodRoutes(RouteNetlink netlink, String node) throws IOException {
        Dual<Subnet> pods = plan.pods(node);
        Dual<InetAddress> gateway = plan.node(node);
        netlink.replaceRoute(Route.via(prefix(pods.v4()), gateway.v4()));
        netlink.replaceRoute(Route.via(prefix(pods.v6()), gateway.v6()));
    }

    static IpPrefix prefix(Subnet subnet) {
        return new IpPrefix(subnet.base(), subnet.prefixLength());
    }

    static void addAddresses(RouteNetlink netlink, String link, Dual<InetAddress> host, Dual<Subnet> range)
            throws IOException {
        netlink.addAddress(link, host.v4(), range.v4().prefixLength());
        netlink.addAddress(link, host.v6(), range.v6().prefixLength());
    }

    /** Takes down every node, its pods, and the fabric. */
    @Override
    public void close() {
        nodes.values().forEach(NodeNetwork::close);
        named.close();
    }
}
