package io.culvert.proxy.outcome;

import io.netty.handler.codec.http.HttpResponseStatus;

/** A status with its canonical reason, "401 Unauthorized". */
final class HttpStatusText {

    private HttpStatusText() {}

    /** Statuses without a registered reason print the one that ztunnel's library prints for them. */
    static String of(int status) {
        HttpResponseStatus known = HttpResponseStatus.valueOf(status);
        boolean registered = !known.reasonPhrase().endsWith("(" + status + ")");
        return registered ? status + " " + known.reasonPhrase() : status + " <unknown status code>";
    }
}
