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
            <li>debug/route?source=SOURCE&amp;destination=IP:PORT: what would become of a connection</li>
            <li>logging: POST, see and change log levels</li>
            <li>quitquitquit: POST, shut down</li>
            <li><a href="debug/pprof/profile">debug/pprof</a>: how to profile this JVM</li>
            </ul>
            </body>
            </html>
            """;

    /** For who looks where the original has profiles of its allocator and of its samples. */
    private static final String PROFILES = """
            This proxy runs on a JVM, which profiles by itself. On its node, as its user (PID: the java process):
              jcmd PID JFR.start duration=30s filename=/tmp/proxy.jfr   CPU, allocation, locks
              jcmd PID GC.class_histogram                               what is on the heap
              jcmd PID GC.heap_dump /tmp/proxy.hprof                    the heap itself
              jcmd PID Thread.print                                     what each thread does
            """;

    private static final Logger log = LoggerFactory.getLogger(AdminEndpoint.class);

    private final ConfigDump dump;
    private final LoggingEndpoint logging;
    private final RouteEndpoint route;
    private final Drain drain;
    private final InstantSource clock;

    AdminEndpoint(ConfigDump dump, LogSink sink, Drain drain, InstantSource clock) {
        this.dump = dump;
        this.logging = new LoggingEndpoint(sink);
        this.route = new RouteEndpoint(dump.sources());
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
            case "/debug/route" -> route.answer(question);
            case "/logging" -> logging.answer(question);
            case "/quitquitquit" -> quit(question);
            case "/debug/pprof/profile", "/debug/pprof/heap", "/debug/pprof/heap/profiling" ->
                HttpAnswer.text(404, PROFILES);
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
