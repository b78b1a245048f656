package io.culvert.proxy.outbound;

import java.util.HexFormat;
import java.util.random.RandomGenerator;

/**
 * The {@code traceparent} of a connection: new for each, derived from nothing (W3C Trace Context section 3.2; ztunnel
 * proxy.rs:TraceParent).
 */
record TraceContext(long traceIdHigh, long traceIdLow, long parentId) {

    static TraceContext random(RandomGenerator random) {
        return new TraceContext(random.nextLong(), random.nextLong(), random.nextLong());
    }

    /** Version 00, flags 00. */
    String header() {
        HexFormat hex = HexFormat.of();
        return "00-" + hex.toHexDigits(traceIdHigh) + hex.toHexDigits(traceIdLow) + "-" + hex.toHexDigits(parentId)
                + "-00";
    }
}
