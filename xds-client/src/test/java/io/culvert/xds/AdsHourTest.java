package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.xds.mesh.MeshState;
import io.grpc.Status;
import java.time.Duration;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * An hour of simulated time in which the control plane does one wrong thing without end, each time in other words: none
 * of them are kept, what was known stays, and recovery needs nothing but the control plane's own.
 */
final class AdsHourTest {
    private static final Duration HOUR = Duration.ofHours(1);
    /** Whatever fills in the course of time is full by then. */
    private static final Duration WARM_UP = Duration.ofMinutes(10);
    /** What the JVM itself does to its heap meanwhile; kept words would be ten times as much. */
    private static final long GROWTH_BYTES_MAX = 2L * 1024 * 1024;

    private static final int KNOWN = 5;
    private static final int BATCH = 20;
    private static final String COMING = "workloads-that-come-and-go-under-a-name-of-the-usual-length-";

    /** What it does, and how many characters of it come in an hour at the least. */
    enum Wrong {
        /** Bytes that are no message; gRPC's own words about them. */
        GARBAGE(20_000_000),
        /** Every stream is ended at once, and another one wished for. */
        HANGS_UP(100_000_000),
        /** Resources that must be rejected, under other names each time. */
        UNUSABLE(20_000_000),
        /** Types that nobody knows. */
        UNKNOWN_TYPES(20_000_000),
        /** Workloads that come and go. */
        CHURN(5_000_000),
        /** Each answer takes longer than its stream lives. */
        SLOW(0),
        /** It is reached and says nothing, from the start. */
        HANGS(0);

        final long charactersMin;

        Wrong(long charactersMin) {
            this.charactersMin = charactersMin;
        }
    }

    private final Logger log = (Logger) LoggerFactory.getLogger("io.culvert.xds");
    private final SimulatedLoop loop = new SimulatedLoop();
    private final MeshState mesh = new MeshState("");
    private final Server server = new Server();
    private int synced;
    private final AdsClient client = new AdsClient(
            server,
            new DeltaProtocol(Recorded.node().node(), mesh, AdsCounters.none()),
            loop,
            AdsCounters.none(),
            () -> synced++);

    @BeforeEach
    void quiet() {
        log.setLevel(Level.OFF);
    }

    @AfterEach
    void loud() {
        log.setLevel(null);
    }

    private static long liveBytes() {
        // The first lets go of what only weak references hold.
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    @ParameterizedTest
    @EnumSource
    void memoryStaysFlatAndWhatIsKnownStays(Wrong wrong) {
        boolean knows = wrong != Wrong.HANGS;
        server.turn(knows ? null : wrong);
        loop.execute(client::connect);
        loop.advance(Duration.ofMinutes(1));
        server.turn(wrong);
        loop.advance(WARM_UP);
        long before = liveBytes();
        server.characters = 0;
        long streams = client.status().streams();

        loop.advance(HOUR);

        assertThat(liveBytes() - before)
                .as("growth after %d more streams", client.status().streams() - streams)
                .isLessThan(GROWTH_BYTES_MAX);
        assertThat(server.characters).isGreaterThanOrEqualTo(wrong.charactersMin);
        assertThat(known()).isEqualTo(knows ? KNOWN : 0);
        assertThat(synced).isEqualTo(knows ? 1 : 0);

        server.turn(null);
        // Another stream is tried for a server that hangs, within hours.
        loop.advance(HOUR.multipliedBy(4));
        assertThat(known()).isEqualTo(KNOWN);
        assertThat(synced).isEqualTo(1);
    }

    private long known() {
        return mesh.snapshot().workloads().stream()
                .filter(workload -> workload.uid().startsWith("known-"))
                .count();
    }

    private final class Server implements AdsTransport {
        private @Nullable Wrong wrong;
        private @Nullable Link current;
        private long characters;
        private long number;

        /** Behaves otherwise from now on; a stream of its former self ends. */
        void turn(@Nullable Wrong next) {
            boolean hangs = wrong == Wrong.HANGS;
            wrong = next;
            Link former = current;
            // Whoever hangs ends no stream either.
            if (former != null && !hangs) {
                loop.execute(() -> former.end(Status.Code.UNAVAILABLE, "GOAWAY"));
            }
        }

        @Override
        public AdsStream open(AdsListener listener) {
            Link link = new Link(listener);
            current = link;
            loop.schedule(Duration.ofMillis(5), link::reached);
            return link;
        }

        /** Never the same twice. */
        private String words(int length) {
            characters += length;
            String unique = Long.toString(number++);
            return unique + "-".repeat(length - unique.length());
        }

        private Resource[] batch(String prefix, long of) {
            return IntStream.range(0, BATCH)
                    .mapToObj(i -> Pushes.workload(prefix + of + "-" + i))
                    .toArray(Resource[]::new);
        }

        private DeltaDiscoveryResponse churn() {
            DeltaDiscoveryResponse.Builder response = Pushes.addresses("n", batch(COMING, number)).toBuilder();
            for (Resource gone : batch(COMING, number - 1)) {
                response.addRemovedResources(gone.getName());
            }
            number++;
            characters += response.getResourcesList().stream()
                    .mapToLong(Resource::getSerializedSize)
                    .sum();
            return response.build();
        }

        private DeltaDiscoveryResponse unusable() {
            return Pushes.addresses(
                    words(100),
                    IntStream.range(0, BATCH)
                            .mapToObj(i -> Pushes.unusable(words(600)))
                            .toArray(Resource[]::new));
        }

        private final class Link implements AdsStream {
            private final AdsListener listener;
            private boolean alive = true;

            Link(AdsListener listener) {
                this.listener = listener;
            }

            void reached() {
                if (!alive) {
                    return;
                }
                listener.connected("simulated");
                if (wrong == null) {
                    good();
                } else {
                    act(wrong);
                }
            }

            private void good() {
                deliver(Pushes.addresses(
                        "n",
                        IntStream.range(0, KNOWN)
                                .mapToObj(i -> Pushes.workload("known-" + i))
                                .toArray(Resource[]::new)));
                deliver(Pushes.policies("n"));
            }

            private void act(Wrong what) {
                switch (what) {
                    case GARBAGE -> end(Status.Code.INTERNAL, words(100_000));
                    case HANGS_UP -> end(Status.Code.CANCELLED, words(1_000));
                    case UNUSABLE -> every(Duration.ofSeconds(1), () -> deliver(unusable()));
                    case UNKNOWN_TYPES ->
                        every(
                                Duration.ofSeconds(1),
                                () -> deliver(DeltaDiscoveryResponse.newBuilder()
                                        .setTypeUrl(words(6_000))
                                        .build()));
                    case CHURN -> every(Duration.ofSeconds(1), () -> deliver(churn()));
                    case SLOW -> {
                        loop.schedule(Duration.ofMinutes(2), this::good);
                        loop.schedule(Duration.ofMinutes(1), () -> end(Status.Code.UNAVAILABLE, "GOAWAY"));
                    }
                    case HANGS -> {}
                }
            }

            private void every(Duration period, Runnable action) {
                loop.schedule(period, () -> {
                    if (alive) {
                        action.run();
                        every(period, action);
                    }
                });
            }

            private void deliver(DeltaDiscoveryResponse response) {
                // Also on a stream that is no more, to which nobody must listen.
                listener.received(Pushes.onTheWire(response));
            }

            void end(Status.Code code, String reason) {
                if (alive) {
                    alive = false;
                    listener.ended(new StreamEnd.Failed(code, reason));
                }
            }

            @Override
            public void send(DeltaDiscoveryRequest request) {
                assertThat(request.getSerializedSize()).isLessThan(64 * 1024);
            }

            @Override
            public void cancel() {
                alive = false;
            }
        }
    }
}
