package io.culvert.proxy.telemetry.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

@Isolated
class LogbackTest {

    private static final Logger INPOD = LoggerFactory.getLogger("io.culvert.proxy.inpod.WorkloadManager");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final LogWriter writer = LogWriter.start(out, System::nanoTime);

    private LogSink install(LogFormat format, String filter) {
        LogSink sink = new LogSink(format, LogFilter.startup(filter), writer, () -> Instant.EPOCH);
        Logback.install(sink);
        return sink;
    }

    private String written() {
        writer.close();
        return out.toString(StandardCharsets.UTF_8);
    }

    @AfterEach
    void silence() {
        install(LogFormat.PLAIN, "off");
        writer.close();
    }

    @Test
    @SuppressWarnings("StringConcatToTextBlock") // the very bytes are meant
    void writesPlainLinesUnderTheTargetsOfTheOriginal() {
        install(LogFormat.PLAIN, "info");
        INPOD.atInfo()
                .addKeyValue("uid", "u1")
                .addKeyValue("count", 2)
                .addKeyValue("ok", true)
                .log("pod received, starting proxy");
        INPOD.info("nothing to add");
        assertThat(written())
                .isEqualTo("1970-01-01T00:00:00.000000Z\tinfo\tinpod::statemanager\tpod received, starting proxy\t"
                        + "uid=\"u1\" count=2 ok=true\n"
                        + "1970-01-01T00:00:00.000000Z\tinfo\tinpod::statemanager\tnothing to add\t\n");
    }

    @Test
    @SuppressWarnings("StringConcatToTextBlock") // the very bytes are meant
    void writesJsonLinesWithTheFullScope() {
        install(LogFormat.JSON, "info");
        INPOD.atWarn().addKeyValue("uid", "u\"1\n").log("line\nbreak");
        assertThat(written())
                .isEqualTo("{\"level\":\"warn\",\"time\":\"1970-01-01T00:00:00.000000Z\","
                        + "\"scope\":\"ztunnel::inpod::statemanager\",\"message\":\"line\\nbreak\","
                        + "\"uid\":\"u\\\"1\\n\"}\n");
    }

    @Test
    void keepsAMessageOfSeveralLinesOnOne() {
        install(LogFormat.PLAIN, "info");
        INPOD.info("a peer said: {}", "bye\r\n1970-01-01T00:00:00.000000Z\tinfo\taccess");
        assertThat(written().lines()).singleElement().asString().contains("bye\\r\\n1970");
    }

    @Test
    void neverWritesWhatShowsBearerTokens() {
        install(LogFormat.PLAIN, "trace");
        LoggerFactory.getLogger("io.grpc.netty.NettyClientHandler").debug("HEADERS: authorization: Bearer abc");
        LoggerFactory.getLogger("io.grpc.Other").debug("of interest");
        assertThat(written()).contains("of interest").doesNotContain("Bearer");
    }

    @Test
    void writesWhatLibrariesTellTheJdksLogging() {
        install(LogFormat.PLAIN, "info");
        java.util.logging.Logger library = java.util.logging.Logger.getLogger("io.grpc.internal.Something");
        library.log(java.util.logging.Level.WARNING, "failed {0} times", 3);
        library.fine("unheard");
        assertThat(written())
                .isEqualTo("1970-01-01T00:00:00.000000Z\twarn\tio.grpc.internal.Something\tfailed 3 times\t\n");
    }

    @Test
    void saysNothingBeforeItIsInstalled() {
        Logback.silence();
        assertThat(INPOD.isErrorEnabled()).isFalse();
        install(LogFormat.PLAIN, "info");
        INPOD.error("heard");
        assertThat(written().lines()).hasSize(1);
    }

    @Test
    void obeysTheFilterAndItsChanges() {
        LogSink sink = install(LogFormat.PLAIN, "info");
        INPOD.debug("unheard");
        assertThat(INPOD.isDebugEnabled()).isFalse();
        sink.setFilter(sink.filter().with("inpod=debug").orElseThrow());
        assertThat(INPOD.isDebugEnabled()).isTrue();
        INPOD.debug("heard");
        assertThat(written()).contains("heard").doesNotContain("unheard");
    }

    @Test
    void tellsTheCauseOfAnExceptionOnOneLine() {
        install(LogFormat.PLAIN, "info");
        INPOD.error("failed", new IllegalStateException("outer\nline", new RuntimeException("inner")));
        assertThat(written().lines())
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .contains("IllegalStateException(outer\\nline): RuntimeException(inner)")
                        .contains("at="));
    }
}
