package io.culvert.proxy;

import io.culvert.proxy.telemetry.Reporter;
import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import io.culvert.proxy.tls.Revocation;
import io.culvert.proxy.tls.RevocationFile;

/** Peers that were turned away or cut off because their certificate was revoked, and how the lists' file stands. */
record RevocationMetrics(Revocation revocation, RevocationFile file) implements MetricSource {
    private static final String REJECTIONS = "istio_crl_policy_rejections";
    private static final String RELOADS = "culvert_crl_reloads";
    private static final String BROKEN = "culvert_crl_broken";
    private static final String LISTS = "culvert_crl_lists";

    @Override
    public void write(Exposition out) {
        long clients = revocation.clientsRejected();
        long servers = revocation.serversRejected();
        if (clients + servers > 0) {
            out.family(
                    REJECTIONS,
                    "counter",
                    "The total number of connections rejected due to CRL certificate revocation (unstable).");
            rejections(out, Reporter.DESTINATION, clients);
            rejections(out, Reporter.SOURCE, servers);
        }
        out.family(LISTS, "gauge", "Certificate revocation lists in force (unstable).");
        out.sample(LISTS, "", (long) revocation.lists());
        out.family(RELOADS, "counter", "Times that the file of lists was read, by whether it could be (unstable).");
        out.sample(RELOADS + "_total", "{result=\"applied\"}", file.applied());
        out.sample(RELOADS + "_total", "{result=\"rejected\"}", file.rejected());
        out.family(BROKEN, "gauge", "1 while what the file of lists says is not in force (unstable).");
        out.sample(BROKEN, "", file.problem().isPresent() ? 1L : 0L);
    }

    private static void rejections(Exposition out, Reporter reporter, long count) {
        if (count > 0) {
            out.sample(REJECTIONS + "_total", "{reporter=\"" + reporter.label() + "\"}", count);
        }
    }
}
