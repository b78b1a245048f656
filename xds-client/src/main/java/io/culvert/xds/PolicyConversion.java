package io.culvert.xds;

import io.culvert.proto.security.Address;
import io.culvert.proto.security.Authorization;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.AuthorizationPolicy.Clause;
import io.culvert.xds.mesh.AuthorizationPolicy.Rule;
import io.culvert.xds.mesh.AuthorizationPolicy.ServiceAccountMatch;
import io.culvert.xds.mesh.Cidr;
import io.culvert.xds.mesh.Match;
import io.culvert.xds.mesh.StringMatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Policies as sent to policies as kept. */
final class PolicyConversion {
    private PolicyConversion() {}

    static AuthorizationPolicy policy(Authorization sent) throws BadResource {
        AuthorizationPolicy.Scope scope = switch (sent.getScope()) {
            case GLOBAL -> AuthorizationPolicy.Scope.GLOBAL;
            case NAMESPACE -> AuthorizationPolicy.Scope.NAMESPACE;
            case WORKLOAD_SELECTOR -> AuthorizationPolicy.Scope.WORKLOAD_SELECTOR;
            case UNRECOGNIZED -> throw BadResource.unknownEnum("scope", sent.getScopeValue());
        };
        AuthorizationPolicy.Action action = switch (sent.getAction()) {
            case ALLOW -> AuthorizationPolicy.Action.ALLOW;
            case DENY -> AuthorizationPolicy.Action.DENY;
            case UNRECOGNIZED -> throw BadResource.unknownEnum("action", sent.getActionValue());
        };
        List<Rule> rules = sent.getRulesList().stream()
                .map(rule -> new Rule(rule.getClausesList().stream()
                        .map(clause -> new Clause(clause.getMatchesList().stream()
                                .map(PolicyConversion::match)
                                .toList()))
                        .toList()))
                .toList();
        return new AuthorizationPolicy(sent.getName(), sent.getNamespace(), scope, action, sent.getDryRun(), rules);
    }

    private static Match match(io.culvert.proto.security.Match sent) {
        return Match.builder()
                .namespaces(strings(sent.getNamespacesList()))
                .notNamespaces(strings(sent.getNotNamespacesList()))
                .principals(strings(sent.getPrincipalsList()))
                .notPrincipals(strings(sent.getNotPrincipalsList()))
                .serviceAccounts(accounts(sent.getServiceAccountsList()))
                .notServiceAccounts(accounts(sent.getNotServiceAccountsList()))
                .sourceIps(ranges(sent.getSourceIpsList()))
                .notSourceIps(ranges(sent.getNotSourceIpsList()))
                .destinationIps(ranges(sent.getDestinationIpsList()))
                .notDestinationIps(ranges(sent.getNotDestinationIpsList()))
                .destinationPorts(ports(sent.getDestinationPortsList()))
                .notDestinationPorts(ports(sent.getNotDestinationPortsList()))
                .build();
    }

    /** Conditions of a kind that is not known are dropped without a word, as the original does. */
    private static List<StringMatch> strings(List<io.culvert.proto.security.StringMatch> sent) {
        List<StringMatch> result = new ArrayList<>(sent.size());
        for (var string : sent) {
            switch (string.getMatchTypeCase()) {
                case EXACT -> result.add(new StringMatch.Exact(string.getExact()));
                case PREFIX -> result.add(new StringMatch.Prefix(string.getPrefix()));
                case SUFFIX -> result.add(new StringMatch.Suffix(string.getSuffix()));
                case PRESENCE -> result.add(new StringMatch.Presence());
                case MATCHTYPE_NOT_SET -> {}
            }
        }
        return result;
    }

    private static List<Cidr> ranges(List<Address> sent) {
        return sent.stream().flatMap(address -> range(address).stream()).toList();
    }

    /** Likewise those that cannot be read. */
    private static Optional<Cidr> range(Address sent) {
        try {
            return Optional.of(AddressConversion.cidr(sent.getAddress(), sent.getLength()));
        } catch (BadResource dropped) {
            return Optional.empty();
        }
    }

    private static List<ServiceAccountMatch> accounts(List<io.culvert.proto.security.ServiceAccountMatch> sent) {
        return sent.stream()
                .map(account -> new ServiceAccountMatch(account.getNamespace(), account.getServiceAccount()))
                .toList();
    }

    private static List<Integer> ports(List<Integer> sent) {
        return sent.stream().map(port -> port & 0xffff).toList();
    }
}
