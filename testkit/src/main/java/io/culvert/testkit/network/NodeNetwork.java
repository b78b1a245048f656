package io.culvert.testkit.network;

import io.culvert.linux.Netns;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.IpPrefix;
import io.culvert.linux.netlink.Route;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.Dual;
import io.culvert.testkit.spec.Subnet;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A node: a router between the fabric and the bridge of its pods. */
public final class NodeNetwork implements AutoCloseable {
    static final String POD_BRIDGE = "cni0";

    /** What a pod's one interface is called, by the runtimes' custom. */
    static final String POD_LINK = "eth0";

    private static final String UPLINK = "eth0";

    private final RunDirectory run;
    private final String name;
    private final NamedNetns named;
    private final Dual<Subnet> podRange;
    private final Dual<InetAddress> podGateway;
    private final AtomicInteger cables = new AtomicInteger();
    private final Set<PodNetwork> pods = ConcurrentHashMap.newKeySet();

    private NodeNetwork(RunDirectory run, String name, NamedNetns named, AddressPlan plan) {
        this.run = run;
        this.name = name;
        this.named = named;
        this.podRange = plan.pods(name);
        this.podGateway = plan.podGateway(name);
    }

    static NodeNetwork create(RunDirectory run, Fabric fabric, String name, AddressPlan plan, int port)
            throws IOException {
        NamedNetns named = NamedNetns.create(run, name);
        NodeNetwork node = new NodeNetwork(run, name, named, plan);
        try (RouteNetlink there = RouteNetlink.open(fabric.netns());
                RouteNetlink here = RouteNetlink.open(named.netns())) {
            node.connect(there, here, plan, "node" + port);
            return node;
        } catch (IOException failure) {
            named.close();
            throw failure;
        }
    }

    private void connect(RouteNetlink fabric, RouteNetlink node, AddressPlan plan, String port) throws IOException {
        Sysctls.write(netns(), Sysctls.QUIET_V6);
        Sysctls.write(netns(), Sysctls.FORWARDING);
        node.setUp("lo");
        fabric.createVeth(port, UPLINK, netns());
        fabric.setMaster(port, Fabric.BRIDGE);
        fabric.setUp(port);
        node.setUp(UPLINK);
        Fabric.addAddresses(node, UPLINK, plan.node(name), plan.fabric());
        node.createBridge(POD_BRIDGE);
        node.setUp(POD_BRIDGE);
        Fabric.addAddresses(node, POD_BRIDGE, podGateway, podRange);
        node.replaceRoute(
                Route.via(IpPrefix.all(IpFamily.V4), plan.fabricBridge().v4()));
        node.replaceRoute(
                Route.via(IpPrefix.all(IpFamily.V6), plan.fabricBridge().v6()));
    }

    public String name() {
        return name;
    }

    public Netns netns() {
        return named.netns();
    }

    public NamedNetns named() {
        return named;
    }

    /**
     * Makes a pod's namespace, gives it its addresses, and plugs it into the node's bridge.
     *
     * @param podName unique on this node, fit for a file name
     * @param addresses within the node's range; one of a family, or one of each
     */
    public PodNetwork addPod(String podName, Iterable<InetAddress> addresses) throws IOException {
        NamedNetns pod = NamedNetns.create(run, podName);
        String cable = "veth" + cables.incrementAndGet();
        try (RouteNetlink here = RouteNetlink.open(netns());
                RouteNetlink there = RouteNetlink.open(pod.netns())) {
            Sysctls.write(pod.netns(), Sysctls.QUIET_V6);
            here.createVeth(cable, POD_LINK, pod.netns());
            here.setMaster(cable, POD_BRIDGE);
            here.setUp(cable);
            there.setUp("lo");
            there.setHardwareAddress(
                    POD_LINK, hardwareAddress(addresses.iterator().next()));
            there.setUp(POD_LINK);
            for (InetAddress address : addresses) {
                addAddress(there, address);
            }
            PodNetwork network = new PodNetwork(this, pod, cable);
            pods.add(network);
            return network;
        } catch (IOException failure) {
            pod.close();
            throw failure;
        }
    }

    /**
     * Locally administered, and the same for the same IP address: who remembers the pod that had it before reaches the
     * one that has it now. Its neighbours would else ask nobody for a minute (RFC 4861 section 7.3; arp(7)).
     */
    private static byte[] hardwareAddress(InetAddress address) {
        byte[] ip = address.getAddress();
        return new byte[] {2, 0, ip[ip.length - 4], ip[ip.length - 3], ip[ip.length - 2], ip[ip.length - 1]};
    }

    private void addAddress(RouteNetlink pod, InetAddress address) throws IOException {
        switch (IpFamily.of(address)) {
            case V4 -> {
                pod.addAddress(POD_LINK, address, podRange.v4().prefixLength());
                pod.replaceRoute(Route.via(IpPrefix.all(IpFamily.V4), podGateway.v4()));
            }
            case V6 -> {
                pod.addAddress(POD_LINK, address, podRange.v6().prefixLength());
                pod.replaceRoute(Route.via(IpPrefix.all(IpFamily.V6), podGateway.v6()));
            }
        }
    }

    /** Pulls a pod's cable. Without it the kernel would do so some time after the namespace's end. */
    void unplug(PodNetwork pod) throws IOException {
        if (pods.remove(pod)) {
            try (RouteNetlink here = RouteNetlink.open(netns())) {
                here.deleteLink(pod.cable());
            }
        }
    }

    @Override
    public void close() {
        pods.forEach(PodNetwork::close);
        named.close();
    }
}
