package io.culvert.proxy.admin;

import io.culvert.proxy.lifecycle.Readiness;
import java.util.List;

/** {@code /healthz/ready}: 200, or 500 (not 503) with the names of what is missing (ztunnel readiness/server.rs). */
final class ReadinessEndpoint implements HttpEndpoint {

    private final Readiness readiness;

    ReadinessEndpoint(Readiness readiness) {
        this.readiness = readiness;
    }

    @Override
    public HttpAnswer answer(HttpQuestion question) {
        if (!question.path().equals("/healthz/ready")) {
            return HttpAnswer.empty(404);
        }
        if (!question.method().equals("GET")) {
            return HttpAnswer.empty(405);
        }
        List<String> pending = readiness.pending();
        return pending.isEmpty()
                ? HttpAnswer.text(200, "ready\n")
                : HttpAnswer.text(500, "not ready, pending: " + String.join(", ", pending) + "\n");
    }
}
