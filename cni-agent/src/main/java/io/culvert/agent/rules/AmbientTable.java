package io.culvert.agent.rules;

import static io.culvert.linux.nftables.NfRuleBuilder.TCP;
import static io.culvert.linux.nftables.NfRuleBuilder.UDP;

import io.culvert.agent.pod.InterfaceName;
import io.culvert.agent.pod.PodOverrides;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.IpPrefix;
import io.culvert.linux.nftables.NfChain;
import io.culvert.linux.nftables.NfFamily;
import io.culvert.linux.nftables.NfHook;
import io.culvert.linux.nftables.NfRule;
import io.culvert.linux.nftables.NfTable;
import io.culvert.linux.nftables.NfTableContent;
import java.net.InetAddress;
import java.util.List;

/**
 * What a pod's rules should be: the redirection of istio-cni, in its order of evaluation, as the content of one table
 * [istio cni/pkg/nftables/nftables.go AppendInpodRules]. The table is ours alone, so rules stand in the base chains
 * themselves.
 *
 * <pre>
 *   mangle-prerouting  packets of the proxy (mark 0x539) mark their connection 0x111
 *   mangle-output      packets of such a connection get its mark: policy routing takes the application's replies to the
 *   proxy nat-prerouting     virtual interfaces → 15001; kubelet probes pass; all other TCP → 15006, but 15008 and the
 *   proxy's own nat-output         towards the probe address passes; DNS → 15053; replies to the proxy pass; pod to
 *   itself passes;
 *                      all other TCP → 15001, but the proxy's own
 *   raw-*              the proxy's DNS queries have a conntrack zone of their own (with DNS capture only)
 * </pre>
 *
 * <p>0x111 needs no TPROXY; the name that others give it is history. The two mangle chains are needed in ingress mode
 * as well: inbound HBONE has replies to route, too. Pure function.
 */
final class AmbientTable {
    static final NfTable TABLE = new NfTable(NfFamily.INET, "culvert-ambient");

    private static final String MANGLE_PREROUTING = "mangle-prerouting";
    private static final String MANGLE_OUTPUT = "mangle-output";
    private static final String NAT_PREROUTING = "nat-prerouting";
    private static final String NAT_OUTPUT = "nat-output";
    private static final String RAW_PREROUTING = "raw-prerouting";
    private static final String RAW_OUTPUT = "raw-output";

    /** Never redirected, in either direction; the rest of 127.0.0.0/8 is. */
    private static final IpPrefix IPV4_LOOPBACK = IpPrefix.parse("127.0.0.1/32");

    private static final IpPrefix IPV6_LOOPBACK = IpPrefix.parse("::1/128");

    private final NfTableContent.Builder table = NfTableContent.of(TABLE);
    private final List<InetAddress> probeAddresses;
    private final List<IpFamily> families;

    private AmbientTable(RuleSettings settings) {
        this.probeAddresses = settings.ipv6()
                ? List.of(settings.probeAddress4(), settings.probeAddress6())
                : List.of(settings.probeAddress4());
        this.families = probeAddresses.stream().map(IpFamily::of).toList();
    }

    static NfTableContent content(RuleSettings settings, PodOverrides overrides) {
        boolean dns = switch (overrides.dnsCapture()) {
            case DEFAULT -> settings.dnsCapture();
            case ON -> true;
            case OFF -> false;
        };
        AmbientTable rules = new AmbientTable(settings);
        rules.mangle();
        rules.natPrerouting(overrides.ingressMode(), overrides.virtualInterfaces());
        rules.natOutput(dns);
        if (dns) {
            rules.raw();
        }
        return rules.table.build();
    }

    private void mangle() {
        base(MANGLE_PREROUTING, NfChain.Type.FILTER, NfHook.PREROUTING, NfChain.Priority.MANGLE);
        add(
                MANGLE_PREROUTING,
                NfRule.builder()
                        .mark(Marks.PROXY, Marks.MASK)
                        .counter()
                        .setConnectionMark(Marks.RETURN, Marks.MASK)
                        .build());
        // Of type route: a changed mark has the packet routed again.
        base(MANGLE_OUTPUT, NfChain.Type.ROUTE, NfHook.OUTPUT, NfChain.Priority.MANGLE);
        add(
                MANGLE_OUTPUT,
                NfRule.builder()
                        .connectionMark(Marks.RETURN, Marks.MASK)
                        .counter()
                        .setMarkFromConnection()
                        .build());
    }

    private void natPrerouting(boolean ingressMode, List<InterfaceName> virtualInterfaces) {
        base(NAT_PREROUTING, NfChain.Type.NAT, NfHook.PREROUTING, NfChain.Priority.DESTINATION_NAT);
        for (InterfaceName name : virtualInterfaces) {
            add(
                    NAT_PREROUTING,
                    NfRule.builder()
                            .inputInterface(name.value())
                            .protocol(TCP)
                            .counter()
                            .redirect(Marks.OUTBOUND_PORT)
                            .build());
        }
        if (ingressMode) {
            return;
        }
        for (InetAddress probe : probeAddresses) {
            add(
                    NAT_PREROUTING,
                    NfRule.builder()
                            .protocol(TCP)
                            .source(IpPrefix.host(probe))
                            .counter()
                            .accept()
                            .build());
        }
        for (IpFamily family : families) {
            add(
                    NAT_PREROUTING,
                    NfRule.builder()
                            .destinationIsNot(loopback(family))
                            .protocol(TCP)
                            .destinationPortIsNot(Marks.INBOUND_HBONE_PORT)
                            .markIsNot(Marks.PROXY, Marks.MASK)
                            .counter()
                            .redirect(Marks.INBOUND_PLAINTEXT_PORT)
                            .build());
        }
    }

    private void natOutput(boolean dns) {
        base(NAT_OUTPUT, NfChain.Type.NAT, NfHook.OUTPUT, NfChain.Priority.DESTINATION_NAT);
        for (InetAddress probe : probeAddresses) {
            add(
                    NAT_OUTPUT,
                    NfRule.builder()
                            .protocol(TCP)
                            .destination(IpPrefix.host(probe))
                            .counter()
                            .accept()
                            .build());
        }
        if (dns) {
            redirectDns();
        }
        add(
                NAT_OUTPUT,
                NfRule.builder()
                        .protocol(TCP)
                        .mark(Marks.RETURN, Marks.MASK)
                        .counter()
                        .accept()
                        .build());
        for (IpFamily family : families) {
            add(
                    NAT_OUTPUT,
                    NfRule.builder()
                            .outputInterface("lo")
                            .destinationIsNot(loopback(family))
                            .counter()
                            .accept()
                            .build());
        }
        for (IpFamily family : families) {
            add(
                    NAT_OUTPUT,
                    NfRule.builder()
                            .protocol(TCP)
                            .destinationIsNot(loopback(family))
                            .markIsNot(Marks.PROXY, Marks.MASK)
                            .counter()
                            .redirect(Marks.OUTBOUND_PORT)
                            .build());
        }
    }

    /** UDP by interface, TCP by address, as the original has it. */
    private void redirectDns() {
        add(
                NAT_OUTPUT,
                NfRule.builder()
                        .outputInterfaceIsNot("lo")
                        .markIsNot(Marks.PROXY, Marks.MASK)
                        .protocol(UDP)
                        .destinationPort(Marks.DNS_PORT)
                        .counter()
                        .redirect(Marks.DNS_PROXY_PORT)
                        .build());
        for (IpFamily family : families) {
            add(
                    NAT_OUTPUT,
                    NfRule.builder()
                            .destinationIsNot(loopback(family))
                            .protocol(TCP)
                            .destinationPort(Marks.DNS_PORT)
                            .markIsNot(Marks.PROXY, Marks.MASK)
                            .counter()
                            .redirect(Marks.DNS_PROXY_PORT)
                            .build());
        }
    }

    private void raw() {
        base(RAW_PREROUTING, NfChain.Type.FILTER, NfHook.PREROUTING, NfChain.Priority.RAW);
        add(
                RAW_PREROUTING,
                NfRule.builder()
                        .markIsNot(Marks.PROXY, Marks.MASK)
                        .protocol(UDP)
                        .sourcePort(Marks.DNS_PORT)
                        .counter()
                        .setConnectionZone(Marks.DNS_ZONE)
                        .build());
        base(RAW_OUTPUT, NfChain.Type.FILTER, NfHook.OUTPUT, NfChain.Priority.RAW);
        add(
                RAW_OUTPUT,
                NfRule.builder()
                        .mark(Marks.PROXY, Marks.MASK)
                        .protocol(UDP)
                        .destinationPort(Marks.DNS_PORT)
                        .counter()
                        .setConnectionZone(Marks.DNS_ZONE)
                        .build());
    }

    private static IpPrefix loopback(IpFamily family) {
        return switch (family) {
            case V4 -> IPV4_LOOPBACK;
            case V6 -> IPV6_LOOPBACK;
        };
    }

    private void base(String name, NfChain.Type type, NfHook hook, int priority) {
        table.chain(new NfChain.Base(name, type, hook, priority));
    }

    private void add(String chain, NfRule rule) {
        table.rule(chain, rule);
    }
}
