package io.culvert.linux.nftables;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.linux.Netns;
import io.culvert.linux.TestKernel;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** nft(8) and this package understand each other, both ways. */
@Tag("netns")
class NftBinaryTest {
    private static final String NAT_TEXT = """
            table inet istio-ambient-nat {
              chain prerouting { type nat hook prerouting priority -100; policy accept; jump istio-prerouting; }
              chain output { type nat hook output priority -100; policy accept; jump istio-output; }
              chain istio-prerouting {
                iifname "vif0" meta l4proto tcp counter redirect to :15001
                iifname "vif0" meta l4proto tcp counter return
                meta l4proto tcp ip saddr 169.254.7.127 counter accept
                meta l4proto tcp ip6 saddr fd16:9254:7127:1337:ffff:ffff:ffff:ffff counter accept
                ip daddr != 127.0.0.1/32 tcp dport != 15008 mark and 0xfff != 0x539 counter redirect to :15006
                ip6 daddr != ::1/128 tcp dport != 15008 mark and 0xfff != 0x539 counter redirect to :15006
              }
              chain istio-output {
                meta l4proto tcp ip daddr 169.254.7.127 counter accept
                meta l4proto tcp ip6 daddr fd16:9254:7127:1337:ffff:ffff:ffff:ffff counter accept
                oifname != "lo" mark and 0xfff != 0x539 udp dport 53 counter redirect to :15053
                ip daddr != 127.0.0.1/32 tcp dport 53 mark and 0xfff != 0x539 counter redirect to :15053
                ip6 daddr != ::1/128 tcp dport 53 mark and 0xfff != 0x539 counter redirect to :15053
                meta l4proto tcp mark and 0xfff == 0x111 counter accept
                oifname "lo" ip daddr != 127.0.0.1/32 counter accept
                oifname "lo" ip6 daddr != ::1/128 counter accept
                meta l4proto tcp ip daddr != 127.0.0.1/32 mark and 0xfff != 0x539 counter redirect to :15001
                meta l4proto tcp ip6 daddr != ::1/128 mark and 0xfff != 0x539 counter redirect to :15001
              }
            }
            """;
    private static final String MANGLE_AND_RAW_TEXT = """
            table inet istio-ambient-mangle {
              chain prerouting { type filter hook prerouting priority -150; policy accept; jump istio-prerouting; }
              chain output { type route hook output priority -150; policy accept; jump istio-output; }
              chain istio-prerouting {
                meta mark and 0xfff == 0x539 counter ct mark set ct mark and 0xfffff000 or 0x111
              }
              chain istio-output { ct mark and 0xfff == 0x111 counter meta mark set ct mark; }
            }
            table inet istio-ambient-raw {
              chain prerouting { type filter hook prerouting priority -300; policy accept; jump istio-prerouting; }
              chain output { type filter hook output priority -300; policy accept; jump istio-output; }
              chain istio-output { meta l4proto udp mark and 0xfff == 0x539 udp dport 53 counter ct zone set 1; }
              chain istio-prerouting { meta l4proto udp mark and 0xfff != 0x539 udp sport 53 counter ct zone set 1; }
            }
            """;
    private static final String HOST_TEXT = """
            table inet istio-ambient-host {
              set istio-inpod-probes-v4 {
                type ipv4_addr
                comment "pods that kubelet probes"
                elements = { 10.1.2.3 comment "uid-4" }
              }
              set istio-inpod-probes-v6 {
                type ipv6_addr
                elements = { fd00::3 comment "uid-6" }
              }
              chain postrouting {
                type nat hook postrouting priority 100; policy accept;
                meta l4proto tcp skuid 0 ip daddr @istio-inpod-probes-v4 counter snat ip to 169.254.7.127
                meta l4proto tcp skuid 0 ip6 daddr @istio-inpod-probes-v6 counter \
            snat ip6 to fd16:9254:7127:1337:ffff:ffff:ffff:ffff
              }
            }
            """;

    private Netns netns;
    private NfTables nf;

    @BeforeAll
    static void needsNamespacesAndNft() {
        TestKernel.requireNamespaces();
        assumeTrue(
                Stream.of("nft", "nsenter")
                        .allMatch(name -> Stream.of("/usr/sbin", "/sbin", "/usr/bin", "/bin")
                                .anyMatch(dir -> Files.isExecutable(Path.of(dir, name)))),
                "not run: needs the nft and nsenter binaries");
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

    /** Runs nft inside the namespace; it gets the text on its standard input. */
    private String nft(String input, String... arguments) throws IOException {
        String there =
                "/proc/" + ProcessHandle.current().pid() + "/fd/" + netns.fd().number();
        List<String> command = Stream.concat(Stream.of("nsenter", "--net=" + there, "nft"), Stream.of(arguments))
                .toList();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var in = process.outputWriter(UTF_8)) {
            in.write(input);
        }
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(TestKernel.await("nft", () -> process.isAlive() ? null : process.exitValue()))
                .as(output)
                .isZero();
        return output;
    }

    private static NfTableContent hostWithElements() {
        NfTableContent.Builder table = NfTableContent.of(AmbientRules.HOST);
        NfTableContent bare = AmbientRules.host();
        bare.chains().values().forEach(table::chain);
        bare.rules().forEach((chain, rules) -> rules.forEach(rule -> table.rule(chain, rule)));
        bare.sets().values().forEach(table::set);
        return table.element(AmbientRules.PROBES_V4.name(), new NfElement(InetAddress.ofLiteral("10.1.2.3"), "uid-4"))
                .element(AmbientRules.PROBES_V6.name(), new NfElement(InetAddress.ofLiteral("fd00::3"), "uid-6"))
                .build();
    }

    @Test
    void readsWhatNftWroteAsIfItHadWrittenItItself() throws IOException {
        var _ = nft(NAT_TEXT + MANGLE_AND_RAW_TEXT + HOST_TEXT, "-f", "-");

        assertThat(nf.dump(AmbientRules.NAT)).contains(AmbientRules.nat());
        assertThat(nf.dump(AmbientRules.MANGLE)).contains(AmbientRules.mangle());
        assertThat(nf.dump(AmbientRules.RAW)).contains(AmbientRules.raw());
        assertThat(nf.dump(AmbientRules.HOST)).contains(hostWithElements());
    }

    @Test
    void writesWhatNftListsAsItsOwn() throws IOException {
        var _ = nft(NAT_TEXT + MANGLE_AND_RAW_TEXT + HOST_TEXT, "-f", "-");
        String byNft = nft("", "list", "ruleset");
        nf.commit(new NfBatch()
                .deleteTable(AmbientRules.NAT)
                .deleteTable(AmbientRules.MANGLE)
                .deleteTable(AmbientRules.RAW)
                .deleteTable(AmbientRules.HOST));
        assertThat(nft("", "list", "ruleset")).isEmpty();
        nf.commit(new NfBatch()
                .replaceTable(AmbientRules.nat())
                .replaceTable(AmbientRules.mangle())
                .replaceTable(AmbientRules.raw())
                .replaceTable(hostWithElements()));

        String byUs = nft("", "list", "ruleset");
        assertThat(byUs.lines().map(String::strip).sorted())
                .containsExactlyElementsOf(
                        byNft.lines().map(String::strip).sorted().toList());
    }

    @Test
    void seesThatATableWasSwitchedOff() throws IOException {
        NfTable table = new NfTable(NfFamily.INET, "cvt");
        nf.commit(new NfBatch().addTable(table));
        NfTableContent before = nf.dump(table).orElseThrow();
        var _ = nft("table inet cvt { flags dormant; }", "-f", "-");

        assertThat(nf.dump(table).orElseThrow().active()).isFalse();
        assertThat(nf.dump(table)).isNotEqualTo(java.util.Optional.of(before));
    }

    @Test
    void whatItHasNoWordForIsUnknownNotSomethingElse() throws IOException {
        var _ = nft("""
                table inet cvt {
                  chain filter {
                    type filter hook output priority -300;
                    limit rate 5/second accept
                    meta cpu 0 accept
                    tcp dport { 80, 443 } accept
                    tcp dport set 81
                    ip daddr 10.0.0.0/8 accept
                    ip daddr 10.1.0.0/17 accept
                  }
                }
                """, "-f", "-");

        List<NfRule> rules =
                nf.dump(new NfTable(NfFamily.INET, "cvt")).orElseThrow().rulesOf("filter");
        assertThat(rules).hasSize(6);
        assertThat(rules.subList(0, 4))
                .allMatch(rule -> rule.expressions().stream().anyMatch(NfExpression.Unknown.class::isInstance));
        assertThat(rules.subList(4, 6))
                .noneMatch(rule -> rule.expressions().stream().anyMatch(NfExpression.Unknown.class::isInstance));
    }
}
