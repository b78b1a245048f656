package io.culvert.proxy.telemetry;

import io.culvert.proxy.outcome.ResponseFlag;
import io.culvert.proxy.telemetry.metrics.Labels;
import java.util.Arrays;

/**
 * The labels of the {@code istio_tcp_*} families, without {@code response_flags}: the key of one {@link TrafficSeries}.
 * Order and names are those of ztunnel's {@code proxy/metrics.rs:CommonTrafficLabels}.
 *
 * <p>Costs one array and a hash per connection; the label text is rendered only when it is scraped.
 */
final class TrafficLabels {

    private static final String UNKNOWN = "unknown";

    private static final String[] NAMES = {
        "reporter",
        "source_workload",
        "source_canonical_service",
        "source_canonical_revision",
        "source_workload_namespace",
        "source_principal",
        "source_app",
        "source_version",
        "source_cluster",
        "destination_service",
        "destination_service_namespace",
        "destination_service_name",
        "destination_workload",
        "destination_canonical_service",
        "destination_canonical_revision",
        "destination_workload_namespace",
        "destination_principal",
        "destination_app",
        "destination_version",
        "destination_cluster",
        "request_protocol",
        "connection_security_policy",
        "source_region",
        "source_zone",
        "destination_region",
        "destination_zone"
    };

    /** Position of connection_security_policy: response_flags stands right before it. */
    private static final int SECURITY = 21;

    private final String[] values;
    private final int hash;

    private TrafficLabels(String[] values) {
        this.values = values;
        this.hash = Arrays.hashCode(values);
    }

    static TrafficLabels of(ConnectionFacts facts) {
        PeerFacts source = facts.source();
        PeerFacts destination = facts.destination();
        ServiceFacts service = facts.service();
        boolean located = source.known() || destination.known();
        String[] values = new String[located ? NAMES.length : SECURITY + 1];
        values[0] = facts.reporter().label();
        peer(values, 1, source, facts.sourceIdentity());
        values[9] = orUnknown(service.hostname());
        values[10] = orUnknown(service.namespace());
        values[11] = orUnknown(service.name());
        peer(values, 12, destination, facts.destinationIdentity());
        values[20] = "tcp";
        values[SECURITY] = facts.security().label();
        if (located) {
            values[22] = orUnknown(source.region());
            values[23] = orUnknown(source.zone());
            values[24] = orUnknown(destination.region());
            values[25] = orUnknown(destination.zone());
        }
        return new TrafficLabels(values);
    }

    private static void peer(String[] values, int from, PeerFacts peer, String principal) {
        values[from] = orUnknown(peer.workload());
        values[from + 1] = orUnknown(peer.canonicalService());
        values[from + 2] = orUnknown(peer.canonicalRevision());
        values[from + 3] = orUnknown(peer.namespace());
        values[from + 4] = orUnknown(principal);
        values[from + 5] = orUnknown(peer.app());
        values[from + 6] = orUnknown(peer.version());
        values[from + 7] = orUnknown(peer.cluster());
    }

    private static String orUnknown(String value) {
        return value.isEmpty() ? UNKNOWN : value;
    }

    /** The label text with that flag, braces included. */
    String render(ResponseFlag flag) {
        Labels labels = new Labels();
        for (int i = 0; i < values.length; i++) {
            if (i == SECURITY) {
                labels.add("response_flags", flag.label());
            }
            labels.add(NAMES[i], values[i]);
        }
        return labels.toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TrafficLabels that && hash == that.hash && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return render(ResponseFlag.NONE);
    }
}
