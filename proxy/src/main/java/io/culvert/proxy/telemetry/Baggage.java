package io.culvert.proxy.telemetry;

import io.culvert.xds.mesh.Workload;

/**
 * The {@code baggage} header of HBONE: how a proxy describes the workload behind it. Keys, order and the lack of
 * percent-encoding are ztunnel's (baggage.rs). Empty texts are absent.
 *
 * @param workloadType deployment, cronjob, pod or job
 */
public record Baggage(
        String cluster,
        String namespace,
        String workloadType,
        String workloadName,
        String serviceName,
        String serviceVersion,
        String region,
        String zone) {

    public static final Baggage EMPTY = new Baggage("", "", "", "", "", "", "", "");

    /** More members than this are ignored: the header is the peer's, and its size must not become our work. */
    private static final int MEMBERS_MAX = 64;

    /** The description of a workload of ours. */
    public static Baggage of(Workload workload) {
        return new Baggage(
                workload.clusterId(),
                workload.namespace(),
                workload.workloadType(),
                workload.workloadName(),
                workload.canonicalName(),
                workload.canonicalRevision(),
                workload.locality().region(),
                workload.locality().zone());
    }

    /** Unknown keys, and members without a value, are ignored; a later header line overrides an earlier one. */
    public static Baggage parse(Iterable<? extends CharSequence> headerValues) {
        Parser parser = new Parser();
        int members = 0;
        for (CharSequence value : headerValues) {
            String text = value.toString();
            int from = 0;
            while (from <= text.length() && members++ < MEMBERS_MAX) {
                int comma = text.indexOf(',', from);
                int to = comma < 0 ? text.length() : comma;
                parser.member(text.substring(from, to));
                from = to + 1;
            }
        }
        return parser.build();
    }

    public boolean isEmpty() {
        return equals(EMPTY);
    }

    /** The header value. */
    public String header() {
        StringBuilder text = new StringBuilder(160);
        member(text, "k8s.cluster.name", cluster);
        member(text, "k8s.namespace.name", namespace);
        if (!workloadType.isEmpty()) {
            member(text, "k8s." + workloadType + ".name", workloadName);
        }
        member(text, "service.name", serviceName);
        member(text, "service.version", serviceVersion);
        member(text, "cloud.region", region);
        member(text, "cloud.availability_zone", zone);
        return text.toString();
    }

    private static void member(StringBuilder text, String key, String value) {
        if (!value.isEmpty()) {
            text.append(text.isEmpty() ? "" : ",").append(key).append('=').append(value);
        }
    }

    private static final class Parser {
        private String cluster = "";
        private String namespace = "";
        private String workloadType = "";
        private String workloadName = "";
        private String serviceName = "";
        private String serviceVersion = "";
        private String region = "";
        private String zone = "";

        void member(String text) {
            int equals = text.indexOf('=');
            if (equals < 0 || text.indexOf('=', equals + 1) >= 0) {
                return;
            }
            String value = text.substring(equals + 1);
            if (value.isEmpty()) {
                return;
            }
            String key = text.substring(0, equals);
            switch (key) {
                case "k8s.cluster.name" -> cluster = value;
                case "k8s.namespace.name" -> namespace = value;
                case "k8s.deployment.name", "k8s.cronjob.name", "k8s.pod.name", "k8s.job.name" -> {
                    workloadType = key.substring("k8s.".length(), key.length() - ".name".length());
                    workloadName = value;
                }
                case "service.name" -> serviceName = value;
                case "service.version" -> serviceVersion = value;
                case "cloud.region" -> region = value;
                case "cloud.availability_zone" -> zone = value;
                default -> {
                    // Somebody else's key.
                }
            }
        }

        Baggage build() {
            return new Baggage(
                    cluster, namespace, workloadType, workloadName, serviceName, serviceVersion, region, zone);
        }
    }
}
