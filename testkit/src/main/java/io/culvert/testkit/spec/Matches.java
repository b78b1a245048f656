package io.culvert.testkit.spec;

import com.google.protobuf.Empty;
import io.culvert.proto.security.Address;
import io.culvert.proto.security.Match;
import io.culvert.proto.security.ServiceAccountMatch;
import io.culvert.proto.security.StringMatch;
import java.util.List;

/** The matches that policies are made of. */
public final class Matches {
    private Matches() {}

    /** Callers of this identity, {@code trust-domain/ns/namespace/sa/account}, or a pattern as in {@link #pattern}. */
    public static Match principal(String value) {
        return Match.newBuilder().addPrincipals(pattern(value)).build();
    }

    /** Callers without any identity, who came in plain text. */
    public static Match unauthenticated() {
        return Match.newBuilder().addNotPrincipals(pattern("*")).build();
    }

    public static Match callerNamespace(String value) {
        return Match.newBuilder().addNamespaces(pattern(value)).build();
    }

    public static Match serviceAccount(String namespace, String account) {
        return Match.newBuilder()
                .addServiceAccounts(
                        ServiceAccountMatch.newBuilder().setNamespace(namespace).setServiceAccount(account))
                .build();
    }

    public static Match destinationPort(int... ports) {
        Match.Builder match = Match.newBuilder();
        for (int port : ports) {
            Names.requirePort("policy", "destinationPorts", port);
            match.addDestinationPorts(port);
        }
        return match.build();
    }

    public static Match sourceIp(String... cidrs) {
        return Match.newBuilder()
                .addAllSourceIps(List.of(cidrs).stream()
                        .map(cidr -> cidr("policy", "sourceIps", cidr))
                        .toList())
                .build();
    }

    /**
     * {@code *} is any but the empty one, {@code x*} a prefix, {@code *x} a suffix, all else is exact: as Istio writes
     * it.
     */
    public static StringMatch pattern(String value) {
        StringMatch.Builder match = StringMatch.newBuilder();
        if (value.equals("*")) {
            return match.setPresence(Empty.getDefaultInstance()).build();
        }
        if (value.endsWith("*")) {
            return match.setPrefix(value.substring(0, value.length() - 1)).build();
        }
        return value.startsWith("*")
                ? match.setSuffix(value.substring(1)).build()
                : match.setExact(value).build();
    }

    static Address cidr(String subject, String key, String value) {
        Subnet subnet = Addresses.parseCidr(subject, key, value);
        return Address.newBuilder()
                .setAddress(Addresses.bytes(subnet.base()))
                .setLength(subnet.prefixLength())
                .build();
    }
}
