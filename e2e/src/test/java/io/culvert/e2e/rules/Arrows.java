package io.culvert.e2e.rules;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Which package may import which. Layers point down only: proto and linux carry everything, xds-client stands on them,
 * the proxy on all three; agent and testkit stand on proto and linux alone. Proxy and agent share the wire and nothing
 * else; the testkit starts both as processes and imports neither.
 */
final class Arrows {

    private static final String ROOT = "io.culvert.";

    /** Package of each module, and the packages of ours that it may stand on. */
    private static final Map<String, List<String>> LAYERS = Map.of(
            "proto", List.of(),
            "linux", List.of(),
            "xds", List.of("proto", "linux"),
            "proxy", List.of("proto", "linux", "xds"),
            "agent", List.of("proto", "linux"),
            "testkit", List.of("proto", "linux"),
            "perf", List.of("proto", "linux", "testkit", "xds", "proxy"));

    /** The mechanics of the byte path: they know bytes, streams and certificates, and nobody's name or policy. */
    private static final List<String> MECHANICS = List.of("relay", "hbone", "tls");

    private static final List<String> DECISIONS = List.of(
            "outbound", "inbound", "routing", "rbac", "inpod", "admin", "lifecycle", "telemetry", "dns", "socks5");

    private Arrows() {}

    static List<ArchRule> all() {
        return Stream.of(layers(), Stream.of(harness(), roads(), wiring(), mechanics(), pureDecisions()), cycles())
                .flatMap(rules -> rules)
                .map(rule -> rule.allowEmptyShould(true))
                .toList();
    }

    private static Stream<ArchRule> layers() {
        return LAYERS.entrySet().stream().map(layer -> {
            String[] others = LAYERS.keySet().stream()
                    .filter(other ->
                            !other.equals(layer.getKey()) && !layer.getValue().contains(other))
                    .map(other -> ROOT + other + "..")
                    .toArray(String[]::new);
            return noClasses()
                    .that()
                    .resideInAPackage(ROOT + layer.getKey() + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(others)
                    .because(layer.getKey() + " stands on " + layer.getValue() + " and nothing else of ours");
        });
    }

    /** The load harness starts proxies as processes, so that it can measure any; its micro-benchmarks look inside. */
    static ArchRule harness() {
        return noClasses()
                .that()
                .resideInAPackage(ROOT + "perf..")
                .and()
                .resideOutsideOfPackage(ROOT + "perf.micro..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + "proxy..", ROOT + "xds..", ROOT + "perf.micro..")
                .because("the harness knows proxies as command lines only");
    }

    /** The two roads meet in routing, rbac, hbone and relay, never in each other. */
    static ArchRule roads() {
        return slices().matching(ROOT + "proxy.(outbound|inbound)..")
                .should()
                .notDependOnEachOther()
                .because("outbound and inbound are two roads");
    }

    /** The package above all others wires a program together; nothing beneath it knows the whole. */
    static ArchRule wiring() {
        return noClasses()
                .that()
                .resideInAnyPackage(ROOT + "proxy.*..", ROOT + "agent.*..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + "proxy", ROOT + "agent")
                .because("only the wiring knows the whole");
    }

    static ArchRule mechanics() {
        return noClasses()
                .that()
                .resideInAnyPackage(proxyPackages(MECHANICS))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(Stream.concat(
                                Stream.of(proxyPackages(DECISIONS)), Stream.of(ROOT + "xds.mesh..", ROOT + "proto.."))
                        .toArray(String[]::new))
                .because("the byte path moves bytes; others decide");
    }

    /** Decisions are functions of a snapshot: they may wait for one on a loop, but open no socket and touch no byte. */
    static ArchRule pureDecisions() {
        return noClasses()
                .that()
                .resideInAnyPackage(proxyPackages(List.of("routing", "rbac")))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.netty.channel..", "io.netty.buffer..", "io.netty.handler..", "io.grpc..", ROOT + "linux..")
                .because("a decision is a value, testable without a socket");
    }

    /** Packages of one module form no circle. */
    private static Stream<ArchRule> cycles() {
        return LAYERS.keySet().stream()
                .filter(module -> !module.equals("proto"))
                .map(module -> slices().matching(ROOT + module + ".(*)..")
                        .should()
                        .beFreeOfCycles()
                        .because("a circle of packages is one package"));
    }

    private static String[] proxyPackages(List<String> names) {
        return names.stream().map(name -> ROOT + "proxy." + name + "..").toArray(String[]::new);
    }
}
