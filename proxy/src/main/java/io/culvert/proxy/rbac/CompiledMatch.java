package io.culvert.proxy.rbac;

import io.culvert.proxy.address.IpPort;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.AuthorizationPolicy.ServiceAccountMatch;
import io.culvert.xds.mesh.Cidr;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.Match;
import io.culvert.xds.mesh.StringMatch;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One match object: six categories, all of which must hold. A category holds if its positive list is empty or hit, and
 * its negative list is not hit. Exact names are looked up in a set; everything else is walked.
 */
final class CompiledMatch {

    private final boolean empty;
    private final Strings namespaces;
    private final Strings notNamespaces;
    private final Strings principals;
    private final Strings notPrincipals;
    private final List<ServiceAccountMatch> serviceAccounts;
    private final List<ServiceAccountMatch> notServiceAccounts;
    private final List<Cidr> sources;
    private final List<Cidr> notSources;
    private final List<Cidr> destinations;
    private final List<Cidr> notDestinations;
    private final List<Integer> ports;
    private final List<Integer> notPorts;

    private CompiledMatch(Match match) {
        empty = match.isEmpty();
        namespaces = Strings.of(match.namespaces());
        notNamespaces = Strings.of(match.notNamespaces());
        principals = Strings.of(match.principals());
        notPrincipals = Strings.of(match.notPrincipals());
        serviceAccounts = match.serviceAccounts();
        notServiceAccounts = match.notServiceAccounts();
        sources = match.sourceIps();
        notSources = match.notSourceIps();
        destinations = match.destinationIps();
        notDestinations = match.notDestinationIps();
        ports = match.destinationPorts();
        notPorts = match.notDestinationPorts();
    }

    static CompiledMatch of(Match match) {
        return new CompiledMatch(match);
    }

    boolean matches(Call call) {
        return !empty
                && destinationMatches(call.destination())
                && (sources.isEmpty() || contains(sources, call.source().ip()))
                && !contains(notSources, call.source().ip())
                && peerMatches(call.peer());
    }

    private boolean destinationMatches(IpPort destination) {
        return (ports.isEmpty() || ports.contains(destination.port()))
                && !notPorts.contains(destination.port())
                && (destinations.isEmpty() || contains(destinations, destination.ip()))
                && !contains(notDestinations, destination.ip());
    }

    /** Without an identity no principal and no account is ever hit, so that "not any principal" means plaintext. */
    private boolean peerMatches(Peer peer) {
        String namespace = peer.namespace();
        if ((!namespaces.isEmpty() && !namespaces.hit(namespace)) || notNamespaces.hit(namespace)) {
            return false;
        }
        return switch (peer) {
            case Peer.Anonymous ignored -> principals.isEmpty() && serviceAccounts.isEmpty();
            case Peer.Identified identified -> {
                Identity identity = identified.identity();
                String principal = principals.isEmpty() && notPrincipals.isEmpty() ? "" : identified.principal();
                yield (principals.isEmpty() || principals.hit(principal))
                        && !notPrincipals.hit(principal)
                        && (serviceAccounts.isEmpty() || anyAccount(serviceAccounts, identity))
                        && !anyAccount(notServiceAccounts, identity);
            }
        };
    }

    private static boolean anyAccount(List<ServiceAccountMatch> accounts, Identity identity) {
        for (ServiceAccountMatch account : accounts) {
            if (account.namespace().equals(identity.namespace())
                    && account.serviceAccount().equals(identity.serviceAccount())) {
                return true;
            }
        }
        return false;
    }

    private static boolean contains(List<Cidr> ranges, IpAddress address) {
        for (Cidr range : ranges) {
            if (range.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /** String matchers: the exact ones as a set. */
    private record Strings(Set<String> exact, List<StringMatch> others) {

        static Strings of(List<StringMatch> matchers) {
            Set<String> exact = new HashSet<>();
            List<StringMatch> others = new ArrayList<>();
            for (StringMatch matcher : matchers) {
                switch (matcher) {
                    case StringMatch.Exact it -> exact.add(it.text());
                    case StringMatch.Prefix it -> others.add(it);
                    case StringMatch.Suffix it -> others.add(it);
                    case StringMatch.Presence it -> others.add(it);
                }
            }
            return new Strings(Set.copyOf(exact), List.copyOf(others));
        }

        boolean isEmpty() {
            return exact.isEmpty() && others.isEmpty();
        }

        boolean hit(String candidate) {
            if (exact.contains(candidate)) {
                return true;
            }
            for (StringMatch matcher : others) {
                if (matcher.matches(candidate)) {
                    return true;
                }
            }
            return false;
        }
    }
}
