package io.culvert.xds;

import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.AuthorizationPolicy.Clause;
import io.culvert.xds.mesh.AuthorizationPolicy.Rule;
import io.culvert.xds.mesh.AuthorizationPolicy.ServiceAccountMatch;
import io.culvert.xds.mesh.Cidr;
import io.culvert.xds.mesh.Match;
import io.culvert.xds.mesh.StringMatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.Node;

/** Policies of a local configuration; a condition on a text is a tagged one: {@code !Exact}, {@code !Prefix}, ... */
final class LocalPolicies {
    private static final int PORT_MAX = 65_535;
    private static final Map<String, AuthorizationPolicy.Scope> SCOPES = Map.of(
            "Global", AuthorizationPolicy.Scope.GLOBAL,
            "Namespace", AuthorizationPolicy.Scope.NAMESPACE,
            "WorkloadSelector", AuthorizationPolicy.Scope.WORKLOAD_SELECTOR);
    private static final Map<String, AuthorizationPolicy.Action> ACTIONS =
            Map.of("Allow", AuthorizationPolicy.Action.ALLOW, "Deny", AuthorizationPolicy.Action.DENY);

    private LocalPolicies() {}

    static AuthorizationPolicy policy(Node node) throws InvalidLocalState {
        YamlMap map = YamlMap.of(node, "a policy");
        List<Rule> rules = new ArrayList<>();
        for (Node rule : YamlMap.elements(map.required("rules"), "rules")) {
            List<Clause> clauses = new ArrayList<>();
            for (Node clause : YamlMap.elements(rule, "a rule")) {
                List<Match> matches = new ArrayList<>();
                for (Node match : YamlMap.elements(clause, "a clause")) {
                    matches.add(match(match));
                }
                clauses.add(new Clause(matches));
            }
            rules.add(new Rule(clauses));
        }
        AuthorizationPolicy policy = new AuthorizationPolicy(
                map.requiredText("name"),
                map.requiredText("namespace"),
                YamlMap.choice(map.required("scope"), SCOPES),
                YamlMap.choice(map.required("action"), ACTIONS),
                map.flag(map.required("dryRun")),
                rules);
        map.finish();
        return policy;
    }

    private static Match match(Node node) throws InvalidLocalState {
        YamlMap map = YamlMap.of(node, "a match");
        Match match = Match.builder()
                .namespaces(strings(map.list("namespaces")))
                .notNamespaces(strings(map.list("notNamespaces")))
                .principals(strings(map.list("principals")))
                .notPrincipals(strings(map.list("notPrincipals")))
                .serviceAccounts(accounts(map.list("serviceAccounts")))
                .notServiceAccounts(accounts(map.list("notServiceAccounts")))
                .sourceIps(ranges(map.list("sourceIps")))
                .notSourceIps(ranges(map.list("notSourceIps")))
                .destinationIps(ranges(map.list("destinationIps")))
                .notDestinationIps(ranges(map.list("notDestinationIps")))
                .destinationPorts(ports(map.list("destinationPorts")))
                .notDestinationPorts(ports(map.list("notDestinationPorts")))
                .build();
        map.finish();
        return match;
    }

    private static List<StringMatch> strings(List<Node> nodes) throws InvalidLocalState {
        List<StringMatch> result = new ArrayList<>();
        for (Node node : nodes) {
            result.add(
                    switch (node.getTag().getValue()) {
                        case "!Exact" -> new StringMatch.Exact(tagged(node));
                        case "!Prefix" -> new StringMatch.Prefix(tagged(node));
                        case "!Suffix" -> new StringMatch.Suffix(tagged(node));
                        case "!Presence" -> new StringMatch.Presence();
                        default ->
                            throw YamlMap.invalid(
                                    node, "expected a tagged text: !Exact, !Prefix, !Suffix or !Presence");
                    });
        }
        return result;
    }

    private static String tagged(Node node) throws InvalidLocalState {
        return YamlMap.scalar(node, "a text after the tag").getValue();
    }

    private static List<ServiceAccountMatch> accounts(List<Node> nodes) throws InvalidLocalState {
        List<ServiceAccountMatch> result = new ArrayList<>();
        for (Node node : nodes) {
            YamlMap map = YamlMap.of(node, "a service account");
            result.add(new ServiceAccountMatch(map.requiredText("namespace"), map.requiredText("serviceAccount")));
            map.finish();
        }
        return result;
    }

    private static List<Cidr> ranges(List<Node> nodes) throws InvalidLocalState {
        List<Cidr> result = new ArrayList<>();
        for (Node node : nodes) {
            String text = YamlMap.text(node);
            result.add(Cidr.parse(text).orElseThrow(() -> YamlMap.invalid(node, "invalid cidr: " + text)));
        }
        return result;
    }

    private static List<Integer> ports(List<Node> nodes) throws InvalidLocalState {
        List<Integer> result = new ArrayList<>();
        for (Node node : nodes) {
            result.add(YamlMap.number(node, PORT_MAX));
        }
        return result;
    }
}
