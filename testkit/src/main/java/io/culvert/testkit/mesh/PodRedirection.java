package io.culvert.testkit.mesh;

import static io.culvert.linux.nftables.NfRuleBuilder.TCP;

import io.culvert.linux.Netns;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.IpPrefix;
import io.culvert.linux.netlink.Route;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.linux.netlink.Rule;
import io.culvert.linux.nftables.NfBatch;
import io.culvert.linux.nftables.NfChain;
import io.culvert.linux.nftables.NfChain.Priority;
import io.culvert.linux.nftables.NfFamily;
import io.culvert.linux.nftables.NfHook;
import io.culvert.linux.nftables.NfRule;
import io.culvert.linux.nftables.NfTable;
import io.culvert.linux.nftables.NfTables;
import java.io.IOException;

/**
 * The least of redirection that a proxy in shared mode needs in a pod (istio-cni: cni/pkg/iptables/iptables.go), for
 * meshes that run without an agent: inbound TCP to 15006, outbound TCP to 15001, nothing that bears the proxy's mark,
 * and the way back for connections that the proxy opened in a client's name. No probes, no DNS, no exceptions.
 */
final class PodRedirection {
    private static final NfTable TABLE = new NfTable(NfFamily.INET, "culvert-testkit");
    private static final NfChain.Base MARK_IN =
            new NfChain.Base("mark-in", NfChain.Type.FILTER, NfHook.PREROUTING, Priority.MANGLE);
    private static final NfChain.Base MARK_OUT =
            new NfChain.Base("mark-out", NfChain.Type.ROUTE, NfHook.OUTPUT, Priority.MANGLE);
    private static final NfChain.Base INBOUND =
            new NfChain.Base("inbound", NfChain.Type.NAT, NfHook.PREROUTING, Priority.DESTINATION_NAT);
    private static final NfChain.Base OUTBOUND =
            new NfChain.Base("outbound", NfChain.Type.NAT, NfHook.OUTPUT, Priority.DESTINATION_NAT);

    private static final int OUTBOUND_PORT = 15001;
    private static final int INBOUND_PLAIN_PORT = 15006;
    private static final int INBOUND_HBONE_PORT = 15008;

    /** On every socket that the proxy opens in a pod. */
    private static final int PROXY_MARK = 0x539;
    /** On replies to connections that the proxy opened in a client's name. */
    private static final int RETURN_MARK = 0x111;

    private static final int MASK = 0xfff;
    private static final int RETURN_TABLE = 100;
    private static final int RETURN_PRIORITY = 32764;

    private PodRedirection() {}

    static void apply(Netns pod) throws IOException {
        try (RouteNetlink routes = RouteNetlink.open(pod);
                NfTables tables = NfTables.open(pod)) {
            int loopback = routes.link("lo").index();
            for (IpFamily family : IpFamily.values()) {
                routes.addRule(new Rule(family, RETURN_PRIORITY, RETURN_MARK, MASK, RETURN_TABLE));
                routes.replaceRoute(Route.local(IpPrefix.all(family), loopback).inTable(RETURN_TABLE));
            }
            tables.commit(rules());
        }
    }

    private static NfBatch rules() {
        NfBatch batch = new NfBatch()
                .addTable(TABLE)
                .addChain(TABLE, MARK_IN)
                .addChain(TABLE, MARK_OUT)
                .addChain(TABLE, INBOUND)
                .addChain(TABLE, OUTBOUND);
        add(
                batch,
                MARK_IN,
                NfRule.builder()
                        .mark(PROXY_MARK, MASK)
                        .setConnectionMark(RETURN_MARK, MASK)
                        .build());
        add(
                batch,
                MARK_OUT,
                NfRule.builder()
                        .connectionMark(RETURN_MARK, MASK)
                        .setMarkFromConnection()
                        .build());
        add(
                batch,
                OUTBOUND,
                NfRule.builder().protocol(TCP).mark(RETURN_MARK, MASK).accept().build());
        for (IpPrefix loopback : new IpPrefix[] {IpPrefix.parse("127.0.0.1/32"), IpPrefix.parse("::1/128")}) {
            add(
                    batch,
                    INBOUND,
                    NfRule.builder()
                            .destinationIsNot(loopback)
                            .protocol(TCP)
                            .destinationPortIsNot(INBOUND_HBONE_PORT)
                            .markIsNot(PROXY_MARK, MASK)
                            .redirect(INBOUND_PLAIN_PORT)
                            .build());
            add(
                    batch,
                    OUTBOUND,
                    NfRule.builder()
                            .outputInterface("lo")
                            .destinationIsNot(loopback)
                            .accept()
                            .build());
            add(
                    batch,
                    OUTBOUND,
                    NfRule.builder()
                            .destinationIsNot(loopback)
                            .protocol(TCP)
                            .markIsNot(PROXY_MARK, MASK)
                            .redirect(OUTBOUND_PORT)
                            .build());
        }
        return batch;
    }

    private static void add(NfBatch batch, NfChain chain, NfRule rule) {
        batch.addRule(TABLE, chain.name(), rule);
    }
}
