package io.culvert.proxy.admin;

import io.culvert.proxy.telemetry.log.LogFilter;
import io.culvert.proxy.telemetry.log.LogSink;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /logging}: shows and changes the log filter while the process runs (ztunnel admin.rs: handle_logging). Both
 * forms that operators try are taken, {@code mod=level} and {@code mod:level}; the original prints the second in its
 * help and refuses it.
 */
final class LoggingEndpoint implements HttpEndpoint {

    private static final String HELP = """

            usage: POST /logging\t\t\t\t\t\t(To list current level)
            usage: POST /logging?level=<level>\t\t\t\t(To change global levels)
            usage: POST /logging?level={mod1}:{level1},{mod2}:{level2}\t(To change specific mods' logging level)

            hint: loglevel:\terror|warn|info|debug|trace|off
            hint: mod_name:\tthe module name, i.e. ztunnel::proxy
            """;

    private static final Logger log = LoggerFactory.getLogger("io.culvert.proxy.telemetry.Logging");

    private final LogSink sink;

    LoggingEndpoint(LogSink sink) {
        this.sink = sink;
    }

    @Override
    public HttpAnswer answer(HttpQuestion question) {
        if (!question.isPost()) {
            return HttpAnswer.text(405, "Invalid HTTP method\n " + HELP);
        }
        boolean reset = question.query().containsKey("reset");
        String level = question.query().getOrDefault("level", List.of("")).getFirst();
        if (!reset && level.isEmpty()) {
            return current();
        }
        LogFilter base = reset ? sink.startupFilter() : sink.filter();
        Optional<LogFilter> changed = level.isEmpty() ? Optional.of(base) : base.with(level);
        if (changed.isEmpty()) {
            return HttpAnswer.text(400, "Invalid level provided: " + level + "\n" + HELP);
        }
        sink.setFilter(changed.get());
        log.info("new log filter is {}", changed.get());
        return current();
    }

    private HttpAnswer current() {
        return HttpAnswer.text(200, "current log level is " + sink.filter() + "\n");
    }
}
