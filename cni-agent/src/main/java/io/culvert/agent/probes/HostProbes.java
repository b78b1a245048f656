package io.culvert.agent.probes;

import io.culvert.agent.enrol.ProbeExemptions;
import io.culvert.agent.pod.PodUid;
import io.culvert.linux.Netns;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.nftables.NfBatch;
import io.culvert.linux.nftables.NfChain;
import io.culvert.linux.nftables.NfElement;
import io.culvert.linux.nftables.NfFamily;
import io.culvert.linux.nftables.NfHook;
import io.culvert.linux.nftables.NfRule;
import io.culvert.linux.nftables.NfRuleBuilder;
import io.culvert.linux.nftables.NfSet;
import io.culvert.linux.nftables.NfTable;
import io.culvert.linux.nftables.NfTableContent;
import io.culvert.linux.nftables.NfTables;
import java.io.IOException;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Source NAT of the node's own connections to pods of the mesh
 * [istio cni/pkg/nftables/nftables.go CreateHostRulesForHealthChecks, host_sets.go]. One table of ours in the node's
 * namespace: a set of pod addresses per family, each with its pod's UID as comment, and a rule per family for TCP of
 * the kubelet's user to such an address. What is forwarded belongs to no socket, and so to no user.
 *
 * <p>What should be there is kept here, and each change writes the whole table in one transaction: the rules may have
 * been flushed by another program meanwhile, an address may change its owner, and there is no moment without the
 * others' addresses. A few hundred addresses are some kilobytes. What an earlier agent left is taken over at the start,
 * so that probes pass while pods are being found again.
 */
public final class HostProbes implements ProbeExemptions, AutoCloseable {
    static final NfTable TABLE = new NfTable(NfFamily.INET, "culvert-probes");
    static final NfSet V4 = new NfSet("istio-inpod-probes-v4", IpFamily.V4, "addresses of pods in the mesh");
    static final NfSet V6 = new NfSet("istio-inpod-probes-v6", IpFamily.V6, "addresses of pods in the mesh");

    private static final String CHAIN = "postrouting";
    /** Before the usual place: the first rule that translates a connection wins, and others masquerade there. */
    private static final int PRIORITY = NfChain.Priority.SOURCE_NAT - 1;

    private static final Logger log = LoggerFactory.getLogger(HostProbes.class);

    private final NfTables tables;
    private final int kubeletUid;
    private final Map<IpFamily, InetAddress> sources;
    private final Map<InetAddress, PodUid> owners = new HashMap<>();

    private HostProbes(NfTables tables, int kubeletUid, Map<IpFamily, InetAddress> sources) {
        this.tables = tables;
        this.kubeletUid = kubeletUid;
        this.sources = Map.copyOf(sources);
    }

    /**
     * Writes the rules.
     *
     * @param host the node's own namespace
     * @param kubeletUid whose connections are translated
     * @param sources the source that probes of a family get; a family without one is left alone
     * @throws IOException where the kernel refuses
     */
    public static HostProbes start(Netns host, int kubeletUid, Map<IpFamily, InetAddress> sources) throws IOException {
        HostProbes probes = new HostProbes(NfTables.open(host), kubeletUid, sources);
        try {
            probes.takeOver();
            probes.write();
            return probes;
        } catch (IOException e) {
            probes.close();
            throw new IOException("the node's rules for probes cannot be written: " + e.getMessage(), e);
        }
    }

    private synchronized void takeOver() throws IOException {
        Optional<NfTableContent> left = tables.dump(TABLE);
        if (left.isEmpty()) {
            return;
        }
        for (NfSet set : List.of(V4, V6)) {
            for (NfElement element : left.get().elementsOf(set.name())) {
                if (!element.comment().isEmpty() && sources.containsKey(set.family())) {
                    owners.put(element.address(), new PodUid(element.comment()));
                }
            }
        }
    }

    @Override
    public synchronized void set(PodUid uid, List<InetAddress> ips) throws IOException {
        Map<InetAddress, PodUid> before = Map.copyOf(owners);
        owners.values().removeIf(uid::equals);
        for (InetAddress ip : ips) {
            if (sources.containsKey(IpFamily.of(ip))) {
                owners.put(ip, uid);
            }
        }
        writeOr(before);
    }

    @Override
    public synchronized void remove(PodUid uid) throws IOException {
        Map<InetAddress, PodUid> before = Map.copyOf(owners);
        if (owners.values().removeIf(uid::equals)) {
            writeOr(before);
        }
    }

    /** Forgets the addresses of all other pods: those that went while no agent was there. */
    public synchronized void retain(Set<PodUid> uids) throws IOException {
        Map<InetAddress, PodUid> before = Map.copyOf(owners);
        if (owners.values().removeIf(uid -> !uids.contains(uid))) {
            writeOr(before);
        }
    }

    /**
     * Looks whether all is there still.
     *
     * @return whether something had to be repaired
     */
    public synchronized boolean repair() throws IOException {
        NfTableContent wanted = content();
        Optional<NfTableContent> held = tables.dump(TABLE);
        if (held.isPresent()
                && held.get().hasSameRules(wanted)
                && elements(held.get()).equals(elements(wanted))) {
            return false;
        }
        log.warn("the node's rules for probes were changed by another program, and are written again");
        write();
        return true;
    }

    private static Set<NfElement> elements(NfTableContent content) {
        Set<NfElement> all = new HashSet<>(content.elementsOf(V4.name()));
        all.addAll(content.elementsOf(V6.name()));
        return all;
    }

    /** A step that fails is tried again by its caller, and must find what was. */
    private void writeOr(Map<InetAddress, PodUid> before) throws IOException {
        try {
            write();
        } catch (IOException e) {
            owners.clear();
            owners.putAll(before);
            throw e;
        }
    }

    private void write() throws IOException {
        tables.commit(new NfBatch().replaceTable(content()));
    }

    private NfTableContent content() {
        NfTableContent.Builder table = NfTableContent.of(TABLE).set(V4).set(V6);
        table.chain(new NfChain.Base(CHAIN, NfChain.Type.NAT, NfHook.POSTROUTING, PRIORITY));
        for (NfSet set : List.of(V4, V6)) {
            InetAddress source = sources.get(set.family());
            if (source != null) {
                table.rule(
                        CHAIN,
                        NfRule.builder()
                                .protocol(NfRuleBuilder.TCP)
                                .socketUser(kubeletUid)
                                .destinationIn(set.family(), set.name())
                                .counter()
                                .sourceNat(source)
                                .build());
            }
        }
        owners.forEach((ip, uid) ->
                table.element((IpFamily.of(ip) == IpFamily.V4 ? V4 : V6).name(), new NfElement(ip, uid.value())));
        return table.build();
    }

    /** Takes everything off the node again. */
    public static void uninstall(Netns host) throws IOException {
        try (NfTables tables = NfTables.open(host)) {
            tables.commit(new NfBatch().addTable(TABLE).deleteTable(TABLE));
        }
    }

    /** Leaves the rules as they are: probes go on while the agent is being replaced. */
    @Override
    public void close() {
        tables.close();
    }
}
