package io.culvert.agent.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LineLayoutTest {

    private static IOException thrown() {
        return new IOException("no way\nout", new IllegalStateException("the door is shut"));
    }

    private static String line(
            boolean json, boolean stacks, String logger, @Nullable Throwable thrown, String message) {
        LoggerContext context = new LoggerContext();
        LoggingEvent event =
                new LoggingEvent("here", context.getLogger(logger), Level.WARN, message, thrown, new Object[0]);
        event.setInstant(Instant.parse("2026-11-21T01:43:40.832508Z"));
        return new LineLayout(json, stacks).doLayout(event);
    }

    @Test
    void writesTimeLevelScopeAndMessageBetweenTabs() {
        assertThat(line(false, false, "io.culvert.agent.zds.ZdsServer", null, "a pod"))
                .isEqualTo("2026-11-21T01:43:40.832508Z\twarn\tcni-agent\ta pod\n");
        assertThat(line(false, false, "io.fabric8.Client", null, "retry"))
                .isEqualTo("2026-11-21T01:43:40.832508Z\twarn\tio.fabric8.Client\tretry\n");
    }

    @Test
    void writesTheSameAsAnObject() {
        assertThat(line(true, false, "agent", null, "a \"pod\"\nof two lines"))
                .isEqualTo("{\"level\":\"warn\",\"time\":\"2026-11-21T01:43:40.832508Z\",\"scope\":\"cni-agent\","
                        + "\"msg\":\"a \\\"pod\\\"\\nof two lines\"}\n");
    }

    @Test
    void nobodyWritesASecondLine() {
        assertThat(line(false, false, "agent", null, "a\r\n2026-11-21T00:00:00Z\terror\tcni-agent\tforged"))
                .endsWith("\ta\\r\\n2026-11-21T00:00:00Z\terror\tcni-agent\tforged\n")
                .containsOnlyOnce("\n");
    }

    @Test
    void anExceptionIsItsCausesAndWhereItBegan() {
        assertThat(line(false, false, "agent", thrown(), "it failed"))
                .contains("\tit failed\terror=IOException(no way\\nout): IllegalStateException(the door is shut)\tat=")
                .contains("LineLayoutTest.java:")
                .doesNotContain(" < ")
                .containsOnlyOnce("\n");
        JsonObject object = JsonParser.parseString(line(true, false, "agent", thrown(), "it failed"))
                .getAsJsonObject();
        assertThat(object.keySet()).containsExactly("level", "time", "scope", "msg", "error", "at");
        assertThat(object.get("error").getAsString()).contains("the door is shut");
    }

    @Test
    void theStackIsThereAtDebugAndStillOnOneLine() {
        assertThat(line(false, true, "agent", thrown(), "it failed"))
                .contains("\tstack=")
                .contains(" < ")
                .containsOnlyOnce("\n");
        assertThat(JsonParser.parseString(line(true, true, "agent", thrown(), "it failed"))
                        .getAsJsonObject()
                        .keySet())
                .contains("stack");
    }
}
