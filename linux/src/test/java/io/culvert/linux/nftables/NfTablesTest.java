package io.culvert.linux.nftables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.culvert.linux.Errno;
import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.culvert.linux.TestKernel;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.IpPrefix;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("netns")
class NfTablesTest {
    private static final NfTable TABLE = new NfTable(NfFamily.INET, "cvt");

    private Netns netns;
    private NfTables nf;

    @BeforeAll
    static void needsNamespaces() {
        TestKernel.requireNamespaces();
    }

    @BeforeEach
    void open() throws IOException {
        netns = Netns.create();
        nf = NfTables.open(netns);
    }

    @AfterEach
    void close() {
        nf.close();
        netns.close();
    }

    private static NfTableContent one(NfRule... rules) {
        NfTableContent.Builder table = NfTableContent.of(TABLE)
                .chain(new NfChain.Base("filter", NfChain.Type.FILTER, NfHook.OUTPUT, NfChain.Priority.RAW))
                .chain(new NfChain.Regular("called"));
        for (NfRule rule : rules) {
            table.rule("filter", rule);
        }
        return table.build();
    }

    @Test
    void readsAmbientTablesBackAsTheyWereBuilt() throws IOException {
        List<NfTableContent> wanted =
                List.of(AmbientRules.nat(), AmbientRules.mangle(), AmbientRules.raw(), AmbientRules.host());
        NfBatch batch = new NfBatch();
        wanted.forEach(batch::replaceTable);
        nf.commit(batch);
        nf.commit(batch);

        for (NfTableContent content : wanted) {
            assertThat(nf.dump(content.table())).contains(content);
        }
        assertThat(nf.tables(NfFamily.INET))
                .containsExactly(AmbientRules.HOST, AmbientRules.MANGLE, AmbientRules.NAT, AmbientRules.RAW);
    }

    @Test
    void readsEveryOtherWordBackAsItWasWritten() throws IOException {
        NfTableContent wanted = one(
                NfRule.builder().source(IpPrefix.parse("10.1.0.0/17")).drop().build(),
                NfRule.builder()
                        .sourceIsNot(IpPrefix.parse("fd00::/60"))
                        .goTo("called")
                        .build(),
                NfRule.builder()
                        .destination(IpPrefix.all(IpFamily.V4))
                        .returnToCaller()
                        .build(),
                NfRule.builder().noTrack().build(),
                NfRule.builder().setMark(0x01020304).accept().build(),
                NfRule.builder()
                        .add(new NfExpression.Match(
                                NfField.DESTINATION_PORT, NfExpression.Test.GREATER_OR_EQUAL, NfValue.port(1024)))
                        .counter()
                        .build());
        nf.commit(new NfBatch().replaceTable(wanted));

        assertThat(nf.dump(TABLE)).contains(wanted);
    }

    @Test
    void readsSocketTestsBack() throws IOException {
        NfTableContent wanted = NfTableContent.of(TABLE)
                .chain(new NfChain.Base("in", NfChain.Type.FILTER, NfHook.PREROUTING, NfChain.Priority.MANGLE, true))
                .rule(
                        "in",
                        NfRule.builder().transparentSocket().counter().accept().build())
                .build();
        nf.commit(new NfBatch().replaceTable(wanted));

        assertThat(nf.dump(TABLE)).contains(wanted);
    }

    @Test
    void seesEveryDifference() throws IOException {
        NfTableContent wanted = one(NfRule.builder().mark(1, 0xff).drop().build());
        nf.commit(new NfBatch().replaceTable(wanted));
        NfTableContent found = nf.dump(TABLE).orElseThrow();

        assertThat(found).isNotEqualTo(one(NfRule.builder().mark(2, 0xff).drop().build()));
        assertThat(found)
                .isNotEqualTo(one(NfRule.builder().mark(1, 0xfff).drop().build()));
        assertThat(found)
                .isNotEqualTo(one(NfRule.builder().markIsNot(1, 0xff).drop().build()));
        assertThat(found)
                .isNotEqualTo(one(NfRule.builder().mark(1, 0xff).accept().build()));
        assertThat(found).isNotEqualTo(one());
        assertThat(found.hasSameRules(wanted)).isTrue();
        assertThat(found.hasSameRules(one())).isFalse();
    }

    @Test
    void aFailingBatchLeavesEverythingAsItWas() throws IOException {
        NfTableContent before = one(NfRule.builder().counter().accept().build());
        nf.commit(new NfBatch().replaceTable(before));
        NfBatch broken = new NfBatch()
                .replaceTable(one(NfRule.builder().drop().build()))
                .addRule(TABLE, "filter", NfRule.builder().jump("absent").build())
                .addTable(new NfTable(NfFamily.INET, "cvt-other"));

        assertThatThrownBy(() -> nf.commit(broken))
                .asInstanceOf(type(KernelException.class))
                .matches(e -> e.errno() == Errno.ENOENT)
                .extracting(Throwable::getMessage)
                .asString()
                .startsWith("add a rule to chain filter of table inet cvt: [Jump[chain=absent]]: ENOENT");
        assertThat(nf.dump(TABLE)).contains(before);
        assertThat(nf.tables(NfFamily.INET)).containsExactly(TABLE);
    }

    @Test
    void namesWhatTheKernelRefuses() throws IOException {
        assertThatThrownBy(() -> nf.commit(new NfBatch().deleteTable(TABLE)))
                .hasMessageStartingWith("delete table inet cvt: ENOENT");
        assertThatThrownBy(() -> nf.commit(new NfBatch().addChain(TABLE, new NfChain.Regular("c"))))
                .hasMessageStartingWith("add chain c to table inet cvt: ENOENT");
        NfTableContent wrongHook =
                one(NfRule.builder().protocol(NfRuleBuilder.TCP).redirect(1).build());
        assertThatThrownBy(() -> nf.commit(new NfBatch().replaceTable(wrongHook)))
                .asInstanceOf(type(KernelException.class))
                .matches(e -> e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.EINVAL);
        assertThat(nf.dump(TABLE)).isEmpty();
        nf.commit(new NfBatch());
    }

    @Test
    void rulesOfOneNamespaceAreNotAnothers() throws IOException {
        nf.commit(new NfBatch().addTable(TABLE));
        try (Netns other = Netns.create();
                NfTables there = NfTables.open(other)) {
            assertThat(there.dump(TABLE)).isEmpty();
        }
        assertThat(nf.dump(TABLE)).isPresent();
    }

    @Test
    void keepsSetsWhileRulesAreReplaced() throws IOException {
        NfElement pod = new NfElement(InetAddress.ofLiteral("10.1.2.3"), "0d8c5f5e-uid");
        nf.commit(new NfBatch()
                .replaceTable(AmbientRules.host())
                .addElements(AmbientRules.HOST, AmbientRules.PROBES_V4.name(), List.of(pod)));
        nf.commit(new NfBatch().replaceRules(AmbientRules.host()));

        NfTableContent found = nf.dump(AmbientRules.HOST).orElseThrow();
        assertThat(found.hasSameRules(AmbientRules.host())).isTrue();
        assertThat(found.elementsOf(AmbientRules.PROBES_V4.name())).containsExactly(pod);
        assertThat(found.sets()).isEqualTo(AmbientRules.host().sets());
    }

    @Test
    void addsAndDeletesElementsOfBothFamilies() throws IOException {
        String v4 = AmbientRules.PROBES_V4.name();
        String v6 = AmbientRules.PROBES_V6.name();
        NfElement first = new NfElement(InetAddress.ofLiteral("10.1.2.3"), "first");
        NfElement again = new NfElement(InetAddress.ofLiteral("10.1.2.3"), "second");
        NfElement plain = new NfElement(InetAddress.ofLiteral("fd00::9"), "");
        nf.commit(new NfBatch()
                .replaceTable(AmbientRules.host())
                .addElements(AmbientRules.HOST, v4, List.of(first))
                .addElements(AmbientRules.HOST, v6, List.of(plain)));
        nf.commit(new NfBatch().addElements(AmbientRules.HOST, v4, List.of(again)));
        assertThat(nf.dump(AmbientRules.HOST).orElseThrow().elementsOf(v4)).containsExactly(first);
        assertThat(nf.dump(AmbientRules.HOST).orElseThrow().elementsOf(v6)).containsExactly(plain);

        nf.commit(new NfBatch()
                .deleteElements(AmbientRules.HOST, v4, List.of(again))
                .addElements(AmbientRules.HOST, v4, List.of(again))
                .flushSet(AmbientRules.HOST, v6));
        assertThat(nf.dump(AmbientRules.HOST).orElseThrow().elementsOf(v4)).containsExactly(again);
        assertThat(nf.dump(AmbientRules.HOST).orElseThrow().elementsOf(v6)).isEmpty();
        assertThatThrownBy(() -> nf.commit(new NfBatch().deleteElements(AmbientRules.HOST, v6, List.of(plain))))
                .asInstanceOf(type(KernelException.class))
                .matches(e -> e.errno() == Errno.ENOENT);
    }

    @Test
    void holdsThousandsOfElements() throws IOException {
        List<NfElement> many = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            many.add(new NfElement(InetAddress.ofLiteral("10.0." + i / 250 + "." + i % 250), "x".repeat(127)));
        }
        String set = AmbientRules.PROBES_V4.name();
        nf.commit(new NfBatch().replaceTable(AmbientRules.host()).addElements(AmbientRules.HOST, set, many));

        assertThat(new HashSet<>(nf.dump(AmbientRules.HOST).orElseThrow().elementsOf(set)))
                .isEqualTo(new HashSet<>(many));
    }

    @Test
    void holdsThousandsOfRules() throws IOException {
        NfRule[] rules = new NfRule[1200];
        for (int i = 0; i < rules.length; i++) {
            rules[i] = NfRule.builder().mark(i, 0xffff).counter().accept().build();
        }
        nf.commit(new NfBatch().replaceTable(one(rules)));

        assertThat(nf.dump(TABLE)).contains(one(rules));
    }

    @Test
    void refusesNamesCommentsAndNumbersThatCannotBe() {
        assertThatThrownBy(() -> new NfTable(NfFamily.INET, "")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new NfChain.Regular("a b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new NfSet("x".repeat(256), IpFamily.V4, ""))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new NfElement(InetAddress.ofLiteral("::1"), "x".repeat(128)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NfRule.builder().inputInterface("x".repeat(16)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NfRule.builder().redirect(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NfRule.builder().destinationPort(65536)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(
                        () -> new NfExpression.Match(NfField.Meta.MARK, NfExpression.Test.EQUAL, NfValue.of((byte) 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
