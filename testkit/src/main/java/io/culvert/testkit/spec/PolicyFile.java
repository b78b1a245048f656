package io.culvert.testkit.spec;

import com.google.protobuf.Empty;
import io.culvert.proto.security.Action;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.security.Clause;
import io.culvert.proto.security.Match;
import io.culvert.proto.security.Rule;
import io.culvert.proto.security.Scope;
import io.culvert.proto.security.ServiceAccountMatch;
import io.culvert.proto.security.StringMatch;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * A policy in a mesh file, in the shape of ztunnel's config_dump: {@code rules} is a list of rules, a rule a list of
 * clauses, a clause a list of matches. A string matcher is {@code {Exact: s}}, {@code {Prefix: s}},
 * {@code {Suffix: s}}, {@code {Presence: []}}, or a plain string with Istio's asterisks.
 */
final class PolicyFile {
    private static final Map<String, Action> ACTIONS = Map.of("Allow", Action.ALLOW, "Deny", Action.DENY);
    private static final Map<String, Scope> SCOPES =
            Map.of("Global", Scope.GLOBAL, "Namespace", Scope.NAMESPACE, "WorkloadSelector", Scope.WORKLOAD_SELECTOR);

    private PolicyFile() {}

    static PolicySpec read(YamlMap yaml) {
        Map<String, String> selector = new LinkedHashMap<>();
        yaml.pairs("selector", selector::put);
        Scope otherwise = selector.isEmpty() ? Scope.NAMESPACE : Scope.WORKLOAD_SELECTOR;
        Authorization.Builder policy = Authorization.newBuilder()
                .setName(yaml.text("name"))
                .setNamespace(yaml.text("namespace", "default"))
                .setAction(yaml.choice("action", ACTIONS))
                .setScope(yaml.choice("scope", SCOPES, otherwise));
        yaml.flag("dryRun", policy::setDryRun);
        for (Node rule : yaml.elements("rules")) {
            Rule.Builder clauses = Rule.newBuilder();
            for (Node clause : yaml.sequence(rule, "a rule")) {
                Clause.Builder matches = Clause.newBuilder();
                for (Node match : yaml.sequence(clause, "a clause of a rule")) {
                    matches.addMatches(match(yaml.map(match, "a match")));
                }
                clauses.addClauses(matches);
            }
            policy.addRules(clauses);
        }
        yaml.finish();
        return new PolicySpec(policy.build(), selector);
    }

    private static Match match(YamlMap yaml) {
        Match.Builder match = Match.newBuilder();
        strings(yaml, "namespaces", match::addNamespaces);
        strings(yaml, "notNamespaces", match::addNotNamespaces);
        strings(yaml, "principals", match::addPrincipals);
        strings(yaml, "notPrincipals", match::addNotPrincipals);
        cidrs(yaml, "sourceIps", match::addSourceIps);
        cidrs(yaml, "notSourceIps", match::addNotSourceIps);
        cidrs(yaml, "destinationIps", match::addDestinationIps);
        cidrs(yaml, "notDestinationIps", match::addNotDestinationIps);
        ports(yaml, "destinationPorts", match::addDestinationPorts);
        ports(yaml, "notDestinationPorts", match::addNotDestinationPorts);
        accounts(yaml, "serviceAccounts", match::addServiceAccounts);
        accounts(yaml, "notServiceAccounts", match::addNotServiceAccounts);
        yaml.finish();
        return match.build();
    }

    private static void strings(YamlMap yaml, String key, Consumer<StringMatch> add) {
        for (Node element : yaml.elements(key)) {
            add.accept(
                    element instanceof ScalarNode scalar
                            ? Matches.pattern(scalar.getValue())
                            : tagged(yaml.map(element, key)));
        }
    }

    private static StringMatch tagged(YamlMap yaml) {
        StringMatch.Builder match = StringMatch.newBuilder();
        yaml.text("Exact", match::setExact);
        yaml.text("Prefix", match::setPrefix);
        yaml.text("Suffix", match::setSuffix);
        yaml.elements("Presence", () -> match.setPresence(Empty.getDefaultInstance()));
        yaml.finish();
        return match.build();
    }

    private static void cidrs(YamlMap yaml, String key, Consumer<io.culvert.proto.security.Address> add) {
        yaml.texts(key, cidr -> add.accept(Matches.cidr("a match", key, cidr)));
    }

    private static void ports(YamlMap yaml, String key, Consumer<Integer> add) {
        for (Node element : yaml.elements(key)) {
            int port = yaml.number(key, element);
            if (port < 0 || port > 65535) {
                throw yaml.error(element, key, "is " + port + "; use 0 to 65535");
            }
            add.accept(port);
        }
    }

    private static void accounts(YamlMap yaml, String key, Consumer<ServiceAccountMatch> add) {
        yaml.maps(key, account -> {
            add.accept(ServiceAccountMatch.newBuilder()
                    .setNamespace(account.text("namespace"))
                    .setServiceAccount(account.text("serviceAccount"))
                    .build());
            account.finish();
        });
    }
}
