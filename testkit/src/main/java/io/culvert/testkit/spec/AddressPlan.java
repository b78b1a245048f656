package io.culvert.testkit.spec;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who has which address, the same in every run: two runs of one description differ in nothing.
 *
 * <p>With {@code o} the mesh's offset and {@code n} the number of the node (from 1):
 *
 * <table>
 * <caption>Ranges</caption>
 * <tr><th>what</th><th>IPv4</th><th>IPv6</th><th>hosts</th></tr>
 * <tr><td>fabric</td><td>172.30.o.0/24</td><td>fd00:30:o::/64</td>
 *     <td>1 bridge, 2 control plane, 3 Kubernetes API, 9+n nodes</td></tr>
 * <tr><td>pods of a node</td><td>10.(100+o).n.0/24</td><td>fd00:10:o:n::/64</td>
 *     <td>1 the node's bridge, 2 its proxy, 3 a second proxy, 10.. pods</td></tr>
 * <tr><td>services</td><td>10.(180+o).0.0/16</td><td>fd00:96:o::/64</td><td>10.. services</td></tr>
 * </table>
 *
 * <p>A pod keeps its address for as long as the plan evolves, and an address that was given away is not given again: a
 * stale packet never reaches a stranger. Where a range is used up, the description is refused.
 */
public final class AddressPlan {
    /** Meshes on one machine at a time: the ranges of pods and services stay clear of each other. */
    public static final int OFFSET_MAX = 63;

    private static final int NODES_MAX = 200;
    private static final int FIRST_NODE = 9;
    private static final int FIRST_POD = 10;
    private static final int PODS_MAX = 240;
    private static final int FIRST_SERVICE = 10;
    private static final int SERVICES_MAX = 60_000;

    private final int offset;
    private final Slots nodes;
    private final Map<String, Slots> podsByNode;
    private final Slots services;

    private AddressPlan(int offset, Slots nodes, Map<String, Slots> podsByNode, Slots services) {
        this.offset = offset;
        this.nodes = nodes;
        this.podsByNode = podsByNode;
        this.services = services;
    }

    /**
     * The plan for a mesh that nothing was planned for before.
     *
     * @param offset 0 to {@value #OFFSET_MAX}; two meshes that run at once need different ones
     */
    public static AddressPlan of(MeshSpec mesh, int offset) {
        if (offset < 0 || offset > OFFSET_MAX) {
            throw new SpecException("address plan", "offset " + offset + " is out of range; use 0 to " + OFFSET_MAX);
        }
        return new AddressPlan(offset, Slots.EMPTY, Map.of(), Slots.EMPTY).evolve(mesh);
    }

    /** The plan for a changed description: what was there keeps its addresses. */
    public AddressPlan evolve(MeshSpec mesh) {
        Slots newNodes = nodes.with(mesh.nodes().stream().map(NodeSpec::name).toList(), NODES_MAX, "nodes");
        Map<String, Slots> newPods = new LinkedHashMap<>(podsByNode);
        for (NodeSpec node : mesh.nodes()) {
            List<String> keys = node.pods().stream().map(PodSpec::key).toList();
            newPods.put(
                    node.name(),
                    newPods.getOrDefault(node.name(), Slots.EMPTY).with(keys, PODS_MAX, "pods of node " + node.name()));
        }
        Slots newServices =
                services.with(mesh.services().stream().map(ServiceSpec::key).toList(), SERVICES_MAX, "services");
        return new AddressPlan(offset, newNodes, newPods, newServices);
    }

    public int offset() {
        return offset;
    }

    /** Where nodes, control plane and Kubernetes API meet. */
    public Dual<Subnet> fabric() {
        return dual("172.30." + offset + ".0", 24, hex("fd00:30:", offset) + "::", 64);
    }

    public Dual<InetAddress> fabricBridge() {
        return host(fabric(), 1);
    }

    public Dual<InetAddress> controlPlane() {
        return host(fabric(), 2);
    }

    public Dual<InetAddress> kubeApi() {
        return host(fabric(), 3);
    }

    /** The node's own address, on the fabric. */
    public Dual<InetAddress> node(String node) {
        return host(fabric(), FIRST_NODE + nodes.slot(node, "node"));
    }

    /** The range from which the node's pods have their addresses. */
    public Dual<Subnet> pods(String node) {
        int number = nodes.slot(node, "node");
        return dual(
                "10." + (100 + offset) + "." + number + ".0",
                24,
                hex("fd00:10:", offset) + hex(":", number) + "::",
                64);
    }

    /** The node's end of its pods' bridge: the pods' default route. */
    public Dual<InetAddress> podGateway(String node) {
        return host(pods(node), 1);
    }

    /** The address of the node's proxy, which runs in a pod-like namespace of its own. */
    public Dual<InetAddress> proxy(String node) {
        return host(pods(node), 2);
    }

    /** The address of a second proxy on the same node, as there is one during an upgrade. */
    public Dual<InetAddress> secondProxy(String node) {
        return host(pods(node), 3);
    }

    /** A pod's addresses: its own choice, the node's if it uses the host's network, or the plan's (IPv4, then IPv6). */
    public List<InetAddress> pod(String node, PodSpec pod) {
        if (!pod.addresses().isEmpty()) {
            return pod.addresses();
        }
        if (pod.hostNetwork()) {
            return node(node).list();
        }
        Slots slots = podsByNode.getOrDefault(node, Slots.EMPTY);
        return host(pods(node), FIRST_POD - 1 + slots.slot(pod.key(), "pod")).list();
    }

    /** The range of all services' addresses: nobody has a route to it, only a proxy knows what is behind it. */
    public Dual<Subnet> serviceRange() {
        return dual("10." + (180 + offset) + ".0.0", 16, hex("fd00:96:", offset) + "::", 64);
    }

    /** A service's virtual addresses: its own choice, none if headless, or the plan's for its families. */
    public List<InetAddress> service(ServiceSpec service) {
        if (!service.addresses().isEmpty()) {
            return service.addresses();
        }
        if (service.headless()) {
            return List.of();
        }
        Dual<InetAddress> planned = host(serviceRange(), FIRST_SERVICE - 1 + services.slot(service.key(), "service"));
        return switch (service.families()) {
            case IPV4 -> List.of(planned.v4());
            case IPV6 -> List.of(planned.v6());
            case DUAL -> planned.list();
        };
    }

    private static String hex(String prefix, int value) {
        return prefix + Integer.toHexString(value);
    }

    private static Dual<Subnet> dual(String v4, int v4Length, String v6, int v6Length) {
        return new Dual<>(
                new Subnet(InetAddress.ofLiteral(v4), v4Length), new Subnet(InetAddress.ofLiteral(v6), v6Length));
    }

    private static Dual<InetAddress> host(Dual<Subnet> range, int host) {
        return new Dual<>(range.v4().at(host), range.v6().at(host));
    }

    /** Numbers from 1 in order of first appearance; a name that left keeps its number, so that nobody else gets it. */
    private record Slots(Map<String, Integer> numbers) {
        static final Slots EMPTY = new Slots(Map.of());

        Slots with(Collection<String> names, int max, String what) {
            Map<String, Integer> grown = new LinkedHashMap<>(numbers);
            for (String name : new ArrayList<>(names)) {
                grown.putIfAbsent(name, grown.size() + 1);
            }
            if (grown.size() > max) {
                throw new SpecException(
                        "address plan", "more than " + max + " " + what + "; start afresh or use fewer");
            }
            return new Slots(grown);
        }

        int slot(String name, String what) {
            Integer number = numbers.get(name);
            if (number == null) {
                throw new SpecException("address plan", what + " " + name + " is not in the description");
            }
            return number;
        }
    }
}
