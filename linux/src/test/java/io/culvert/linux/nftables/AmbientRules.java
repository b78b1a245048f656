package io.culvert.linux.nftables;

import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.IpPrefix;
import io.culvert.linux.nftables.NfChain.Base;
import io.culvert.linux.nftables.NfChain.Priority;
import io.culvert.linux.nftables.NfChain.Regular;
import java.util.List;

/**
 * The rules of an ambient pod with DNS capture and one virtual interface, and of its host, both families: all the words
 * that the agent needs (istio cni/pkg/nftables/nftables.go:AppendInpodRules, CreateHostRulesForHealthChecks).
 */
final class AmbientRules {
    static final NfTable NAT = new NfTable(NfFamily.INET, "istio-ambient-nat");
    static final NfTable MANGLE = new NfTable(NfFamily.INET, "istio-ambient-mangle");
    static final NfTable RAW = new NfTable(NfFamily.INET, "istio-ambient-raw");
    static final NfTable HOST = new NfTable(NfFamily.INET, "istio-ambient-host");

    static final NfSet PROBES_V4 = new NfSet("istio-inpod-probes-v4", IpFamily.V4, "pods that kubelet probes");
    static final NfSet PROBES_V6 = new NfSet("istio-inpod-probes-v6", IpFamily.V6, "");

    private static final int TCP = NfRuleBuilder.TCP;
    private static final int UDP = NfRuleBuilder.UDP;
    private static final int OURS = 0x539;
    private static final int RETURNS = 0x111;
    private static final int MASK = 0xfff;

    private static final String IN = "istio-prerouting";
    private static final String OUT = "istio-output";
    private static final List<IpPrefix> PROBES =
            List.of(IpPrefix.parse("169.254.7.127"), IpPrefix.parse("fd16:9254:7127:1337:ffff:ffff:ffff:ffff"));
    private static final List<IpPrefix> LOOPBACKS = List.of(IpPrefix.parse("127.0.0.1"), IpPrefix.parse("::1"));

    private AmbientRules() {}

    static NfTableContent nat() {
        NfTableContent.Builder table = NfTableContent.of(NAT)
                .chain(new Base("prerouting", NfChain.Type.NAT, NfHook.PREROUTING, Priority.DESTINATION_NAT))
                .chain(new Base("output", NfChain.Type.NAT, NfHook.OUTPUT, Priority.DESTINATION_NAT))
                .chain(new Regular(IN))
                .chain(new Regular(OUT));
        table.rule("output", jump(OUT)).rule("prerouting", jump(IN));
        NfRuleBuilder virtual = NfRule.builder().inputInterface("vif0").protocol(TCP);
        table.rule(IN, virtual.counter().redirect(15001).build());
        virtual = NfRule.builder().inputInterface("vif0").protocol(TCP);
        table.rule(IN, virtual.counter().returnToCaller().build());
        for (IpPrefix probe : PROBES) {
            table.rule(
                    IN,
                    NfRule.builder()
                            .protocol(TCP)
                            .source(probe)
                            .counter()
                            .accept()
                            .build());
        }
        for (IpPrefix probe : PROBES) {
            table.rule(
                    OUT,
                    NfRule.builder()
                            .protocol(TCP)
                            .destination(probe)
                            .counter()
                            .accept()
                            .build());
        }
        for (IpPrefix loopback : LOOPBACKS) {
            NfRuleBuilder inbound = NfRule.builder().destinationIsNot(loopback).protocol(TCP);
            inbound.destinationPortIsNot(15008).markIsNot(OURS, MASK);
            table.rule(IN, inbound.counter().redirect(15006).build());
        }
        NfRuleBuilder dns = NfRule.builder().outputInterfaceIsNot("lo").markIsNot(OURS, MASK);
        table.rule(
                OUT,
                dns.protocol(UDP).destinationPort(53).counter().redirect(15053).build());
        for (IpPrefix loopback : LOOPBACKS) {
            NfRuleBuilder overTcp =
                    NfRule.builder().destinationIsNot(loopback).protocol(TCP).destinationPort(53);
            table.rule(
                    OUT, overTcp.markIsNot(OURS, MASK).counter().redirect(15053).build());
        }
        table.rule(
                OUT,
                NfRule.builder()
                        .protocol(TCP)
                        .mark(RETURNS, MASK)
                        .counter()
                        .accept()
                        .build());
        for (IpPrefix loopback : LOOPBACKS) {
            NfRuleBuilder own = NfRule.builder().outputInterface("lo").destinationIsNot(loopback);
            table.rule(OUT, own.counter().accept().build());
        }
        for (IpPrefix loopback : LOOPBACKS) {
            NfRuleBuilder outbound = NfRule.builder().protocol(TCP).destinationIsNot(loopback);
            table.rule(
                    OUT,
                    outbound.markIsNot(OURS, MASK).counter().redirect(15001).build());
        }
        return table.build();
    }

    static NfTableContent mangle() {
        return NfTableContent.of(MANGLE)
                .chain(new Base("prerouting", NfChain.Type.FILTER, NfHook.PREROUTING, Priority.MANGLE))
                .chain(new Base("output", NfChain.Type.ROUTE, NfHook.OUTPUT, Priority.MANGLE))
                .chain(new Regular(IN))
                .chain(new Regular(OUT))
                .rule("prerouting", jump(IN))
                .rule("output", jump(OUT))
                .rule(
                        IN,
                        NfRule.builder()
                                .mark(OURS, MASK)
                                .counter()
                                .setConnectionMark(RETURNS, MASK)
                                .build())
                .rule(
                        OUT,
                        NfRule.builder()
                                .connectionMark(RETURNS, MASK)
                                .counter()
                                .setMarkFromConnection()
                                .build())
                .build();
    }

    static NfTableContent raw() {
        NfRuleBuilder out = NfRule.builder().protocol(UDP).mark(OURS, MASK).destinationPort(53);
        NfRuleBuilder in = NfRule.builder().protocol(UDP).markIsNot(OURS, MASK).sourcePort(53);
        return NfTableContent.of(RAW)
                .chain(new Base("prerouting", NfChain.Type.FILTER, NfHook.PREROUTING, Priority.RAW))
                .chain(new Base("output", NfChain.Type.FILTER, NfHook.OUTPUT, Priority.RAW))
                .chain(new Regular(IN))
                .chain(new Regular(OUT))
                .rule("prerouting", jump(IN))
                .rule("output", jump(OUT))
                .rule(OUT, out.counter().setConnectionZone(1).build())
                .rule(IN, in.counter().setConnectionZone(1).build())
                .build();
    }

    static NfTableContent host() {
        NfTableContent.Builder table = NfTableContent.of(HOST)
                .chain(new Base("postrouting", NfChain.Type.NAT, NfHook.POSTROUTING, Priority.SOURCE_NAT))
                .set(PROBES_V4)
                .set(PROBES_V6);
        NfRuleBuilder v4 = NfRule.builder().protocol(TCP).socketUser(0);
        v4.destinationIn(IpFamily.V4, PROBES_V4.name()).counter();
        NfRuleBuilder v6 = NfRule.builder().protocol(TCP).socketUser(0);
        v6.destinationIn(IpFamily.V6, PROBES_V6.name()).counter();
        return table.rule("postrouting", v4.sourceNat(PROBES.get(0).address()).build())
                .rule("postrouting", v6.sourceNat(PROBES.get(1).address()).build())
                .build();
    }

    private static NfRule jump(String chain) {
        return NfRule.builder().jump(chain).build();
    }
}
