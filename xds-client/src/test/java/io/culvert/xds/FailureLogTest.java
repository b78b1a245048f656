package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.xds.channel.ManualLoop;
import io.culvert.xds.identity.CertificateListener;
import io.culvert.xds.identity.CertificateManager;
import io.culvert.xds.identity.CertificateSource;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.Priority;
import io.culvert.xds.identity.Renewal;
import io.culvert.xds.identity.WorkloadCertificate;
import io.culvert.xds.mesh.MeshState;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** An hour without control plane: what is tried again and again is in the log, but does not fill it. */
final class FailureLogTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final ManualLoop loop = new ManualLoop();
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private @Nullable Logger logger;
    private String reason = "UNAVAILABLE: connection refused";

    private void listenTo(Class<?> owner) {
        Logger found = (Logger) LoggerFactory.getLogger(owner);
        found.setLevel(Level.DEBUG);
        lines.start();
        found.addAppender(lines);
        logger = found;
    }

    @AfterEach
    void close() {
        if (logger != null) {
            logger.detachAppender(lines);
            logger.setLevel(null);
        }
    }

    private List<String> warnings() {
        return List.copyOf(lines.list).stream()
                .filter(line -> line.getLevel() == Level.WARN)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Test
    void discoveryTellsAFailureOnceAndRemindsOfIt() {
        listenTo(AdsClient.class);
        var protocol = new DeltaProtocol(Recorded.node().node(), new MeshState("node-a"), new RecordingCounters());
        AdsClient client = new AdsClient(refusing(), protocol, loop, new RecordingCounters(), () -> {});
        loop.execute(client::connect);
        loop.advance(HOUR);

        assertThat(lines.list).as("every attempt, for those who want it").hasSizeGreaterThan(200);
        assertThat(warnings()).hasSizeBetween(10, 14);
        assertThat(warnings().getFirst())
                .isEqualTo("XDS client connection error: UNAVAILABLE: connection refused, retrying in 20 ms");
        assertThat(warnings().get(1)).endsWith(" times in a row)");

        reason = "UNAUTHENTICATED: authentication failure";
        loop.advance(Duration.ofSeconds(20));
        assertThat(warnings().getLast())
                .as("another failure is news")
                .startsWith("XDS client connection error: UNAUTHENTICATED: authentication failure, retrying in ")
                .doesNotContain("in a row");
    }

    private AdsTransport refusing() {
        return listener -> {
            loop.execute(() -> listener.ended(new AdsTransport.StreamEnd.NotConnected(reason)));
            return new AdsTransport.AdsStream() {
                @Override
                public void send(DeltaDiscoveryRequest request) {}

                @Override
                public void cancel() {}
            };
        };
    }

    @Test
    void certificatesTellAFailureOncePerIdentityAndRemindOfIt() {
        listenTo(CertificateManager.class);
        CertificateSource source = (identity, sink) -> loop.execute(() -> sink.unreachable(reason));
        var manager = new CertificateManager(source, certificate -> {}, Renewal.AT_HALF_LIFE, loop, new Random(7));
        for (String account : List.of("a", "b")) {
            loop.execute(() -> manager.request(new Identity("td", "ns", account), Priority.WARMUP, new Deaf()));
        }
        loop.advance(HOUR);

        assertThat(lines.list).hasSizeGreaterThan(40);
        assertThat(warnings()).hasSizeBetween(12, 28);
        assertThat(warnings())
                .filteredOn(line -> !line.contains("in a row"))
                .as("one an identity")
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .startsWith("no certificate for spiffe://td/ns/ns/sa/")
                        .contains(": UNAVAILABLE: connection refused, retrying in "));
    }

    private static final class Deaf implements CertificateListener {
        @Override
        public void onCertificate(WorkloadCertificate certificate) {}

        @Override
        public void onFailure(String reason) {}
    }
}
