package io.culvert.proxy.admin;

import io.culvert.proxy.telemetry.metrics.MetricsRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/**
 * {@code /metrics} and {@code /stats/prometheus}. The body is OpenMetrics in any case, whatever type it is announced
 * under, as in the original; compressed by gzip for those who take it.
 */
final class MetricsEndpoint implements HttpEndpoint {

    private static final String OPENMETRICS = "application/openmetrics-text;charset=utf-8;version=1.0.0";
    private static final String PLAIN = "text/plain; charset=utf-8";

    private final MetricsRegistry metrics;

    MetricsEndpoint(MetricsRegistry metrics) {
        this.metrics = metrics;
    }

    @Override
    public HttpAnswer answer(HttpQuestion question) {
        return switch (question.path()) {
            case "/metrics", "/stats/prometheus" -> scrape(question);
            default -> HttpAnswer.empty(404);
        };
    }

    private HttpAnswer scrape(HttpQuestion question) {
        boolean openMetrics = question.accept().toLowerCase(Locale.ROOT).contains("application/openmetrics-text");
        byte[] body = metrics.scrape();
        String type = openMetrics ? OPENMETRICS : PLAIN;
        return takesGzip(question.acceptEncoding())
                ? HttpAnswer.of(200, type, gzip(body))
                        .with("content-encoding", "gzip")
                        .with("vary", "accept-encoding")
                : HttpAnswer.of(200, type, body).with("vary", "accept-encoding");
    }

    /** RFC 9110 section 12.5.3; a quality of zero is a refusal. */
    private static boolean takesGzip(String acceptEncoding) {
        for (String coding : acceptEncoding.toLowerCase(Locale.ROOT).split(",", -1)) {
            String[] parameters = coding.split(";", -1);
            boolean gzip = parameters[0].strip().equals("gzip");
            if (gzip) {
                String quality = parameters.length > 1 ? parameters[1].replace(" ", "") : "q=1";
                return !quality.matches("q=0(\\.0*)?");
            }
        }
        return false;
    }

    private static byte[] gzip(byte[] body) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(body.length / 8);
        try (GZIPOutputStream compressing = new GZIPOutputStream(out)) {
            compressing.write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
