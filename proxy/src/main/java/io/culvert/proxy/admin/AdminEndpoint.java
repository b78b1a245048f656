package io.culvert.proxy.admin;

import io.culvert.proxy.lifecycle.Drain;
import io.culvert.proxy.telemetry.log.LogSink;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server on localhost: for whoever can enter the proxy's own network namespace. */
final class AdminEndpoint implements HttpEndpoint {

    private static final String INDEX = """
            <!DOCTYPE html>
            <html>
            <head><title>Ztunnel Admin</title></head>
            <body>
            <h1>Culvert node proxy</h1>
            <ul>
            <li><a href="config_dump">config_dump</a>: settings, mesh state, certificates, connections</li>
            <li><a href="debug/xds">debug/xds</a>: control plane, age of its state, rejected resources</li>
            <li>logging: POST, see and change log levels</li>
            <li>quitquitquit: POST, shut down</li>
            </ul>
            </body>
            </html>
            """;

    private static final Logger log = LoggerFactory.getLogger(AdminEndpoint.class);

    private final ConfigDump dump;
    private final LoggingEndpoint logging;
    private final Drain drain;
    private final InstantSource clock;

    AdminEndpoint(ConfigDump dump, LogSink sink, Drain drain, InstantSource clock) {
        this.dump = dump;
        this.logging = new LoggingEndpoint(sink);
        this.drain = drain;
        this.clock = clock;
    }

    @Override
    public HttpAnswer answer(HttpQuestion question) {
        return switch (question.path()) {
            case "/" -> HttpAnswer.of(200, "text/html; charset=utf-8", INDEX.getBytes(StandardCharsets.UTF_8));
            case "/config_dump" -> HttpAnswer.of(200, "application/json", dump.json());
            case "/debug/xds" ->
                HttpAnswer.of(200, "application/json", XdsJson.of(dump.sources().xds(), clock.instant()));
            case "/logging" -> logging.answer(question);
            case "/quitquitquit" -> quit(question);
            default -> HttpAnswer.empty(404);
        };
    }

    private HttpAnswer quit(HttpQuestion question) {
        if (!question.isPost()) {
            return HttpAnswer.empty(405);
        }
        log.info("shutdown was asked for over HTTP");
        drain.begin();
        return HttpAnswer.text(200, "shutdown now\n");
    }
}
