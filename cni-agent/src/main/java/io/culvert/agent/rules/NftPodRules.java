package io.culvert.agent.rules;

import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.pod.PodOverrides;
import io.culvert.linux.Netns;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.linux.nftables.NfBatch;
import io.culvert.linux.nftables.NfTableContent;
import io.culvert.linux.nftables.NfTables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Redirection by nf_tables, without any binary. One table of our own is replaced in one transaction, so a pod is never
 * between two sets of rules, and an agent that is killed at any moment leaves either the old set or the new one.
 * Routing is written before: by itself it does nothing, because nothing else gives packets its mark. Both are read back
 * afterwards.
 *
 * <p>Stateless; any platform thread, different pods at the same time.
 */
public final class NftPodRules implements PodRules {
    private static final Path IPV6_SWITCH = Path.of("/proc/sys/net/ipv6/conf/lo/disable_ipv6");

    private final RuleSettings settings;

    public NftPodRules(RuleSettings settings) {
        this.settings = settings;
    }

    @Override
    public void apply(NetnsRef netns, PodOverrides overrides) throws IOException {
        NfTableContent wanted = AmbientTable.content(settings, overrides);
        PolicyRouting routing = new PolicyRouting(families(netns.netns()));
        try (RouteNetlink routes = RouteNetlink.open(netns.netns());
                NfTables tables = NfTables.open(netns.netns())) {
            routing.apply(routes);
            tables.commit(new NfBatch().replaceTable(wanted));
            verify(tables, wanted, routing.missing(routes));
        }
    }

    private static void verify(NfTables tables, NfTableContent wanted, String missingRoute) throws IOException {
        if (!missingRoute.isEmpty()) {
            throw new IOException(
                    "written, but not there afterwards: " + missingRoute + "; does another program remove it?");
        }
        Optional<NfTableContent> held = tables.dump(AmbientTable.TABLE);
        if (held.isEmpty() || !held.get().hasSameRules(wanted)) {
            throw new IOException("table " + AmbientTable.TABLE
                    + " was written, but holds something else afterwards; does another program change it?");
        }
    }

    /** IPv6 can be switched off in a pod, and then takes no routes. */
    private List<IpFamily> families(Netns netns) throws IOException {
        return settings.ipv6() && !ipv6IsOff(netns) ? List.of(IpFamily.V4, IpFamily.V6) : List.of(IpFamily.V4);
    }

    /** {@code /proc/sys/net} follows the calling thread's namespace. Unreadable counts as on: the kernel will tell. */
    private static boolean ipv6IsOff(Netns netns) throws IOException {
        return netns.call(() -> {
            try {
                return Files.readString(IPV6_SWITCH).strip().equals("1");
            } catch (IOException e) {
                return false;
            }
        });
    }

    @Override
    public void remove(NetnsRef netns) throws IOException {
        try (RouteNetlink routes = RouteNetlink.open(netns.netns());
                NfTables tables = NfTables.open(netns.netns())) {
            // Added first, so that a table which is not there does not make the transaction fail.
            tables.commit(new NfBatch().addTable(AmbientTable.TABLE).deleteTable(AmbientTable.TABLE));
            PolicyRouting.remove(routes);
        }
    }
}
