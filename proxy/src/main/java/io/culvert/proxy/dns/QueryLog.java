package io.culvert.proxy.dns;

import io.culvert.xds.mesh.Workload;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A line for each question at debug level, field for field the original's (dns/server.rs:access_log). */
final class QueryLog {

    private static final Logger log = LoggerFactory.getLogger(QueryLog.class);
    private static final String UNKNOWN = "unknown";

    private QueryLog() {}

    /**
     * Writes it, if somebody wants to read it.
     *
     * @param records as the original counts them: without the addresses of a name of the mesh
     */
    static void write(@Nullable Workload asking, DnsQuery query, String result, int records) {
        if (log.isDebugEnabled()) {
            log.atDebug()
                    .addKeyValue("src.workload", asking == null ? UNKNOWN : asking.name())
                    .addKeyValue("src.namespace", asking == null ? UNKNOWN : asking.namespace())
                    .addKeyValue("query", query.type().toString())
                    .addKeyValue("domain", query.name().toString())
                    .addKeyValue("result", result)
                    .addKeyValue("endpoints", records)
                    .log("");
        }
    }
}
