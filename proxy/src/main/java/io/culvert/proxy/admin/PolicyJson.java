package io.culvert.proxy.admin;

import com.google.gson.stream.JsonWriter;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.AuthorizationPolicy.ServiceAccountMatch;
import io.culvert.xds.mesh.Match;
import io.culvert.xds.mesh.StringMatch;
import java.io.IOException;
import java.util.List;

/** A policy in the dump; lists that are empty are left out. */
final class PolicyJson {

    private PolicyJson() {}

    static void write(JsonWriter out, AuthorizationPolicy policy) throws IOException {
        out.beginObject();
        out.name("action").value(policy.action() == AuthorizationPolicy.Action.ALLOW ? "Allow" : "Deny");
        out.name("dryRun").value(policy.dryRun());
        out.name("name").value(policy.name());
        out.name("namespace").value(policy.namespace());
        out.name("rules").beginArray();
        for (AuthorizationPolicy.Rule rule : policy.rules()) {
            out.beginArray();
            for (AuthorizationPolicy.Clause clause : rule.clauses()) {
                out.beginArray();
                for (Match match : clause.matches()) {
                    match(out, match);
                }
                out.endArray();
            }
            out.endArray();
        }
        out.endArray();
        out.name("scope")
                .value(
                        switch (policy.scope()) {
                            case GLOBAL -> "Global";
                            case NAMESPACE -> "Namespace";
                            case WORKLOAD_SELECTOR -> "WorkloadSelector";
                        });
        out.endObject();
    }

    private static void match(JsonWriter out, Match match) throws IOException {
        out.beginObject();
        texts(out, "destinationIps", match.destinationIps());
        ports(out, "destinationPorts", match.destinationPorts());
        strings(out, "namespaces", match.namespaces());
        texts(out, "notDestinationIps", match.notDestinationIps());
        ports(out, "notDestinationPorts", match.notDestinationPorts());
        strings(out, "notNamespaces", match.notNamespaces());
        strings(out, "notPrincipals", match.notPrincipals());
        accounts(out, "notServiceAccounts", match.notServiceAccounts());
        texts(out, "notSourceIps", match.notSourceIps());
        strings(out, "principals", match.principals());
        accounts(out, "serviceAccounts", match.serviceAccounts());
        texts(out, "sourceIps", match.sourceIps());
        out.endObject();
    }

    private static void texts(JsonWriter out, String name, List<?> values) throws IOException {
        if (!values.isEmpty()) {
            out.name(name).beginArray();
            for (Object value : values) {
                out.value(value.toString());
            }
            out.endArray();
        }
    }

    private static void ports(JsonWriter out, String name, List<Integer> values) throws IOException {
        if (!values.isEmpty()) {
            out.name(name).beginArray();
            for (int value : values) {
                out.value(value);
            }
            out.endArray();
        }
    }

    private static void accounts(JsonWriter out, String name, List<ServiceAccountMatch> values) throws IOException {
        if (!values.isEmpty()) {
            out.name(name).beginArray();
            for (ServiceAccountMatch value : values) {
                out.beginObject();
                out.name("namespace").value(value.namespace());
                out.name("serviceAccount").value(value.serviceAccount());
                out.endObject();
            }
            out.endArray();
        }
    }

    private static void strings(JsonWriter out, String name, List<StringMatch> values) throws IOException {
        if (values.isEmpty()) {
            return;
        }
        out.name(name).beginArray();
        for (StringMatch value : values) {
            out.beginObject();
            switch (value) {
                case StringMatch.Exact it -> out.name("Exact").value(it.text());
                case StringMatch.Prefix it -> out.name("Prefix").value(it.text());
                case StringMatch.Suffix it -> out.name("Suffix").value(it.text());
                case StringMatch.Presence ignored ->
                    out.name("Presence").beginArray().endArray();
            }
            out.endObject();
        }
        out.endArray();
    }
}
