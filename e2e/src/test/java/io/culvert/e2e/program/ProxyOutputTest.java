package io.culvert.e2e.program;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.e2e.mesh.Programs;
import io.culvert.linux.Netns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing is on a proxy's output but its log, in the one format that was asked for. */
@Tag("e2e")
final class ProxyOutputTest {

    private static final String PLAIN =
            "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z\t(error|warn|info|debug|trace)\t\\S+\t[^\t]+\t.*";

    @TempDir
    private Path directory;

    @BeforeAll
    static void needsNamespaces() {
        Programs.assumeMeshesCanRun();
    }

    /** From start to drain, without a control plane, so that there is something to complain about. */
    private List<String> output(Map<String, String> settings) throws IOException {
        try (Netns netns = ProxyAlone.namespace();
                ProxyAlone proxy = ProxyAlone.start(directory, netns, settings)) {
            // The default is relative to the working directory; the line names it in full.
            proxy.awaitLine("XDS client error: root certificate file "
                    + directory.resolve("var/run/secrets/istio/root-cert.pem") + " is missing");
            assertThat(proxy.terminate()).isZero();
            return proxy.lines();
        }
    }

    private static Map<String, String> settings(String format, String filter) {
        return Map.of(
                "LOG_FORMAT",
                format,
                "RUST_LOG",
                filter,
                "XDS_ADDRESS",
                "https://127.0.0.1:1",
                "CA_ADDRESS",
                "https://127.0.0.1:1",
                "TLS12_ENABLED",
                "yes");
    }

    @Test
    void everyPlainLineIsALineOfTheLog() throws IOException {
        assertThat(output(settings("plain", "info")))
                .allSatisfy(line -> assertThat(line).matches(PLAIN))
                .noneSatisfy(line -> assertThat(line).contains("io.netty"))
                .satisfiesOnlyOnce(line -> assertThat(line)
                        .contains("\twarn\tconfig\tenv var TLS12_ENABLED=yes is not understood and means false"));
    }

    @Test
    void theVersionComesFirstAndThenWhatIsToBeSaidOfSettings() throws IOException {
        List<String> lines = output(settings("plain", "info"));

        assertThat(lines.getFirst()).contains("version: version.BuildInfo{Version:");
        assertThat(lines.get(1)).contains("TLS12_ENABLED");
    }

    @Test
    void everyLineOfALibrarysDebuggingIsOneToo() throws IOException {
        assertThat(output(settings("plain", "debug")))
                .allSatisfy(line -> assertThat(line).matches(PLAIN))
                .anySatisfy(line -> assertThat(line).contains("\tdebug\tio.netty."));
    }

    @Test
    void everyLineIsAnObjectWhereThatIsAskedFor() throws IOException {
        assertThat(output(settings("json", "info")))
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .hasSizeGreaterThan(5)
                .extracting(JsonObject::keySet)
                .allSatisfy(keys -> assertThat(keys).startsWith("level", "time", "scope", "message"));
    }
}
