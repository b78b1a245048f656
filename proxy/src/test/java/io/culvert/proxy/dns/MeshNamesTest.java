package io.culvert.proxy.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.xds.mesh.Cidr;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.NetworkCidr;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Which names the mesh answers, and with what: the table of the original's own tests (dns/server.rs), and its edges.
 */
class MeshNamesTest {

    private static final String FORWARDED = "forwarded";
    private static final String NOTHING = "nothing";

    private final MeshForDns mesh = new MeshForDns();

    private String ask(MeshNames names, String name, int type) {
        MeshAnswer answer =
                names.answer(mesh.state().snapshot(), mesh.client(), DnsName.of(name), new RecordType(type));
        return switch (answer) {
            case MeshAnswer.Forwarded ignored -> FORWARDED;
            case MeshAnswer.Nothing ignored -> NOTHING;
            case MeshAnswer.Addresses found -> text(found.addresses());
            case MeshAnswer.Aliased found -> "alias of " + found.labelsKept() + ": " + text(found.addresses());
        };
    }

    private static String text(List<IpAddress> addresses) {
        return addresses.stream().map(IpAddress::toString).sorted().collect(Collectors.joining(" "));
    }

    private String ask(String name, String type) {
        MeshNames names = new MeshNames("cluster.local", MeshForDns.PREFERRED, true);
        return ask(names, name, type.equals("AAAA") ? RecordType.AAAA.number() : RecordType.A.number());
    }

    @Test
    void otherTypesAreForwardedWhateverTheName() {
        MeshNames names = new MeshNames("cluster.local", "", true);
        assertThat(ask(names, "productpage.ns1.", 2)).isEqualTo(FORWARDED);
        assertThat(ask(names, "productpage.ns1.svc.cluster.local", 65)).isEqualTo(FORWARDED);
    }

    @ParameterizedTest
    @CsvSource({
        "www.google.com, 1.1.1.1",
        "WWW.Google.com., 1.1.1.1",
        "www.bing.com, forwarded",
        "www.google.com.ns1.svc.cluster.local., alias of 3: 1.1.1.1"
    })
    void namesFromOutsideTheClusterAreThoseOfServiceEntries(String name, String answer) {
        assertThat(ask(name, "A")).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "productpage., 9.9.9.9",
        "productpage.ns1., 9.9.9.9",
        "productpage.ns1.svc, 9.9.9.9",
        "productpage.ns1.svc.cluster.local., 9.9.9.9",
        "example.ns2., 10.10.10.10",
        "example.ns2.svc., 10.10.10.10",
        "example.ns2.svc.cluster.local., 10.10.10.10",
        "example., forwarded"
    })
    void kubernetesNamesAreCompletedAsAClientWould(String name, String answer) {
        assertThat(ask(name, "A")).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "productpage.ns1.ns1.svc.cluster.local., A, alias of 2: 9.9.9.9",
        "productpage.ns1.ns1.svc.cluster.local., AAAA, nothing",
        "productpage.svc.cluster.local, A, alias of 1: 9.9.9.9",
        "www.google.com.cluster.local, A, alias of 3: 1.1.1.1"
    })
    void aSearchDomainBehindANameMakesItAnAlias(String name, String type, String answer) {
        assertThat(ask(name, type)).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "nslocal.ns2.svc.cluster.local., forwarded",
        "nslocal.ns2, forwarded",
        "nslocalsame.ns1.svc.cluster.local., 10.10.10.241"
    })
    void aServiceOfItsNamespaceAloneIsNotKnownElsewhere(String name, String answer) {
        assertThat(ask(name, "A")).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "details.ns2.svc.cluster.remote., 11.11.11.11 12.12.12.12 13.13.13.13 14.14.14.14",
        "details.ns2., forwarded"
    })
    void anotherClusterHasAnotherDomain(String name, String answer) {
        assertThat(ask(name, "A")).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "dual.localhost., A, 2.2.2.2",
        "dual.localhost., AAAA, 2001:db8::ff00:42:8329",
        "ipv6.localhost., A, nothing",
        "ipv6.localhost., AAAA, 2001:db8::ff00:42:8329",
        "ipv4.localhost., A, 2.2.2.2",
        "ipv4.localhost., AAAA, nothing"
    })
    void aFamilyThatANameDoesNotHaveIsNoErrorAndNeverForwarded(String name, String type, String answer) {
        assertThat(ask(name, type)).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "foo.wildcard., 10.10.10.10",
        "a.b.wildcard., 11.11.11.11",
        "a.b.c.wildcard., 10.10.10.10",
        "wildcard., forwarded",
        "foo.svc.mesh.company.net., 10.1.2.3",
        "foo.foons.svc.mesh.company.net., 10.1.2.3"
    })
    void theMostSpecificWildcardAnswers(String name, String answer) {
        assertThat(ask(name, "A")).isEqualTo(answer);
    }

    @Test
    void aWildcardBehindASearchDomainMakesNoAlias() {
        assertThat(ask("foo.svc.mesh.company.net.ns1.svc.cluster.local.", "A")).isEqualTo("10.1.2.3");
    }

    @ParameterizedTest
    @CsvSource({"nw2-only.ns1.svc.cluster.local., nothing", "both-networks.ns1.svc.cluster.local., 21.21.21.21"})
    void addressesOfOtherNetworksAreNone(String name, String answer) {
        assertThat(ask(name, "A")).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "headless.ns1.svc.cluster.local., A, 30.30.30.30 31.31.31.31",
        "headless.ns1.svc.cluster.local., AAAA, 2001:db8::30 2001:db8::31",
        "headless-ipv6.ns1.svc.cluster.local., A, nothing",
        "headless-ipv6.ns1.svc.cluster.local., AAAA, 2001:db8::33"
    })
    void aHeadlessServiceIsItsEndpoints(String name, String type, String answer) {
        assertThat(ask(name, type)).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({"headless.example.com., forwarded", "headless-no-endpoints.example.com., forwarded"})
    void headlessNamesOutsideKubernetesAreForwardedWithOrWithoutEndpoints(String name, String answer) {
        assertThat(ask(name, "A")).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({"headless.pod0.ns1.svc.cluster.local., forwarded", "headless.pod0.ns1., forwarded"})
    void namesOfPodsAreForwarded(String name, String answer) {
        assertThat(ask(name, "A")).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "everywhere.io., 10.10.10.112",
        "preferred.io., 10.10.10.211",
        "canonical.svc., 10.10.10.141",
        "canonical.with.local., 10.10.10.150"
    })
    void ofOneNameInManyNamespacesTheOwnThenTheCanonicalThenThePreferredOneIsMeant(String name, String answer) {
        assertThat(ask(name, "A")).isEqualTo(answer);
    }

    @Test
    void withoutAPreferredNamespaceTheFirstIsMeant() {
        assertThat(ask(new MeshNames("cluster.local", "", true), "preferred.io", 1))
                .isEqualTo("10.10.10.210");
    }

    @Test
    void withoutIpv6ThereAreNoAddressesOfIt() {
        MeshNames v4 = new MeshNames("cluster.local", "", false);
        assertThat(ask(v4, "dual.localhost", RecordType.AAAA.number())).isEqualTo(NOTHING);
        assertThat(ask(v4, "dual.localhost", RecordType.A.number())).isEqualTo("2.2.2.2");
        assertThat(ask(v4, "headless.ns1", RecordType.AAAA.number())).isEqualTo(NOTHING);
    }

    @Test
    void rangesAreNoAddresses() {
        NetworkCidr range = new NetworkCidr("nw1", new Cidr(IpAddress.parse("10.20.0.0"), 16));
        mesh.service("ranges.example.com", "ns1", s -> s.cidrVips(List.of(range)));
        assertThat(ask("ranges.example.com", "A")).isEqualTo(FORWARDED);
    }

    @Test
    void searchDomainsComeFromTheClientsNamespace() {
        MeshNames names = new MeshNames("cluster.local", "", true);
        assertThat(names.candidates("default-ns", DnsName.of("a.b.default-ns.svc.cluster.local"))
                        .keySet())
                .extracting(DnsName::hostname)
                .containsExactly(
                        "a.b.default-ns.svc.cluster.local",
                        "a.b",
                        "a.b.svc.cluster.local",
                        "a.b.default-ns",
                        "a.b.default-ns.svc");
    }

    @ParameterizedTest
    @CsvSource({
        "name, name.ns1.svc.cluster.local",
        "name.ns2, name.ns2.svc.cluster.local name.ns2.ns1.svc.cluster.local",
        "name.ns2.svc, name.ns2.svc.cluster.local name.ns2.svc.svc.cluster.local",
        "name.ns2.not-svc, name.ns2.not-svc.svc.cluster.local",
        "pod.sub-domain.ns.svc, pod.sub-domain.ns.svc.cluster.local",
        "pod.sub-domain.ns.not-svc, ''",
        "name.ns2.svc.cluster, ''",
        "www.google.com, www.google.com.svc.cluster.local"
    })
    void expandsByTheNumberOfLabels(String name, String expansions) {
        MeshNames names = new MeshNames("cluster.local", "", true);
        assertThat(names.candidates("ns1", DnsName.of(name)).keySet().stream()
                        .skip(1)
                        .map(DnsName::hostname)
                        .collect(Collectors.joining(" ")))
                .isEqualTo(expansions);
    }

    @Test
    void aServiceThatGoesIsForwardedFromThenOn() {
        assertThat(ask("www.google.com", "A")).isEqualTo("1.1.1.1");
        mesh.state().update(edit -> edit.removeAddress("ns1/www.google.com"));
        assertThat(ask("www.google.com", "A")).isEqualTo(FORWARDED);
    }
}
