package io.culvert.proxy.rbac;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.address.IpPort;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.AuthorizationPolicy.Clause;
import io.culvert.xds.mesh.AuthorizationPolicy.Rule;
import io.culvert.xds.mesh.AuthorizationPolicy.ServiceAccountMatch;
import io.culvert.xds.mesh.Cidr;
import io.culvert.xds.mesh.Match;
import io.culvert.xds.mesh.StringMatch;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The matcher vectors of ztunnel's rbac.rs. */
class MatchTest {

    private static final Call PLAINTEXT = call("127.0.0.1:1", "127.0.0.2:8080", new Peer.Anonymous());
    private static final Call TLS =
            call("127.0.0.1:1", "127.0.0.2:8080", new Peer.Identified(new Identity("td", "namespace", "account")));
    private static final Call TLS_ALT =
            call("127.0.0.3:1", "127.0.0.4:9090", new Peer.Identified(new Identity("td", "other", "other")));

    private static Call call(String source, String destination, Peer peer) {
        return new Call(
                IpPort.parse(source).orElseThrow(), IpPort.parse(destination).orElseThrow(), peer);
    }

    private static List<StringMatch> exact(String text) {
        return List.of(new StringMatch.Exact(text));
    }

    private static List<Cidr> cidr(String text) {
        return List.of(Cidr.parse(text).orElseThrow());
    }

    static Stream<Arguments> matchers() {
        List<ServiceAccountMatch> account = List.of(new ServiceAccountMatch("namespace", "account"));
        String principal = "td/ns/namespace/sa/account";
        return Stream.of(
                row("namespaces", Match.builder().namespaces(exact("namespace")), false, true, false),
                row("not namespaces", Match.builder().notNamespaces(exact("namespace")), true, false, true),
                row("namespace of nobody", Match.builder().namespaces(exact("")), true, false, false),
                row(
                        "any namespace",
                        Match.builder().namespaces(List.of(new StringMatch.Presence())),
                        false,
                        true,
                        true),
                row("accounts", Match.builder().serviceAccounts(account), false, true, false),
                row("not accounts", Match.builder().notServiceAccounts(account), true, false, true),
                row("principals", Match.builder().principals(exact(principal)), false, true, false),
                row("not principals", Match.builder().notPrincipals(exact(principal)), true, false, true),
                row(
                        "principal with scheme",
                        Match.builder().principals(exact("spiffe://" + principal)),
                        false,
                        false,
                        false),
                row(
                        "any principal",
                        Match.builder().principals(List.of(new StringMatch.Presence())),
                        false,
                        true,
                        true),
                row(
                        "no principal",
                        Match.builder().notPrincipals(List.of(new StringMatch.Presence())),
                        true,
                        false,
                        false),
                row("source", Match.builder().sourceIps(cidr("127.0.0.1/32")), true, true, false),
                row("not source", Match.builder().notSourceIps(cidr("127.0.0.1/32")), false, false, true),
                row("destination", Match.builder().destinationIps(cidr("127.0.0.2/32")), true, true, false),
                row("not destination", Match.builder().notDestinationIps(cidr("127.0.0.2/32")), false, false, true),
                row("host bits", Match.builder().destinationIps(cidr("127.0.0.1/24")), true, true, true),
                row("other family", Match.builder().destinationIps(cidr("::/0")), false, false, false),
                row("port", Match.builder().destinationPorts(List.of(8080)), true, true, false),
                row("not port", Match.builder().notDestinationPorts(List.of(8080)), false, false, true),
                row(
                        "both sides",
                        Match.builder()
                                .destinationPorts(List.of(8080))
                                .notPrincipals(List.of(new StringMatch.Presence())),
                        true,
                        false,
                        false));
    }

    private static Arguments row(String name, Match.Builder match, boolean plaintext, boolean tls, boolean tlsAlt) {
        return Arguments.of(name, match.build(), plaintext, tls, tlsAlt);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("matchers")
    void hitsAndMisses(String name, Match match, boolean plaintext, boolean tls, boolean tlsAlt) {
        CompiledMatch compiled = CompiledMatch.of(match);
        assertThat(compiled.matches(PLAINTEXT)).as("plaintext").isEqualTo(plaintext);
        assertThat(compiled.matches(TLS)).as("tls").isEqualTo(tls);
        assertThat(compiled.matches(TLS_ALT)).as("tls of another identity").isEqualTo(tlsAlt);
    }

    @ParameterizedTest
    @CsvSource({
        "Exact, namespace, true",
        "Exact, namespac, false",
        "Exact, Namespace, false",
        "Prefix, name, true",
        "Prefix, space, false",
        "Prefix, '', true",
        "Suffix, space, true",
        "Suffix, name, false",
        "Presence, '', true"
    })
    void comparesTexts(String kind, String text, boolean hit) {
        StringMatch matcher = switch (kind) {
            case "Exact" -> new StringMatch.Exact(text);
            case "Prefix" -> new StringMatch.Prefix(text);
            case "Suffix" -> new StringMatch.Suffix(text);
            default -> new StringMatch.Presence();
        };
        Match match = Match.builder().namespaces(List.of(matcher)).build();
        assertThat(CompiledMatch.of(match).matches(TLS)).isEqualTo(hit);
    }

    private static boolean matches(Rule... rules) {
        return CompiledPolicy.of(new AuthorizationPolicy(
                        "p",
                        "ns",
                        AuthorizationPolicy.Scope.NAMESPACE,
                        AuthorizationPolicy.Action.DENY,
                        false,
                        List.of(rules)))
                .matches(TLS);
    }

    private static Rule rule(Clause... clauses) {
        return new Rule(List.of(clauses));
    }

    private static Clause clause(Match... matches) {
        return new Clause(List.of(matches));
    }

    private static final Match EMPTY = Match.builder().build();
    private static final Match HIT =
            Match.builder().destinationPorts(List.of(8080)).build();
    private static final Match MISS =
            Match.builder().destinationPorts(List.of(1)).build();

    @Test
    void emptinessMeansSomethingElseAtEachLevel() {
        assertThat(matches()).as("no rule").isFalse();
        assertThat(matches(rule())).as("a rule without a clause").isTrue();
        assertThat(matches(rule(clause())))
                .as("a clause without a match object")
                .isTrue();
        assertThat(matches(rule(clause(EMPTY)))).as("an empty match object").isFalse();
        assertThat(matches(rule(clause(EMPTY, HIT))))
                .as("an empty match object beside another")
                .isTrue();
    }

    @Test
    void rulesAreAlternativesClausesAreConditionsMatchesAreAlternatives() {
        assertThat(matches(rule(clause(MISS)), rule(clause(HIT)))).isTrue();
        assertThat(matches(rule(clause(HIT), clause(MISS)))).isFalse();
        assertThat(matches(rule(clause(HIT), clause(HIT)))).isTrue();
        assertThat(matches(rule(clause(MISS, HIT)))).isTrue();
        assertThat(matches(rule(clause(MISS)), rule(clause(MISS)))).isFalse();
    }
}
