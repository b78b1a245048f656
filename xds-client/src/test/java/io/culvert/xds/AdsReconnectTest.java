package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.xds.AdsCounters.Termination;
import io.culvert.xds.AdsTransport.AdsListener;
import io.culvert.xds.AdsTransport.AdsStream;
import io.culvert.xds.AdsTransport.StreamEnd;
import io.culvert.xds.channel.ManualLoop;
import io.culvert.xds.mesh.MeshState;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When and how the client comes back, on a clock that the test moves. */
final class AdsReconnectTest {
    private static final StreamEnd REFUSED = new StreamEnd.NotConnected("refused");

    private final ManualLoop loop = new ManualLoop();
    private final MeshState mesh = new MeshState("");
    private final RecordingCounters counters = new RecordingCounters();
    private final List<FakeStream> streams = new ArrayList<>();
    private final AdsClient client = new AdsClient(
            listener -> {
                FakeStream stream = new FakeStream(listener);
                streams.add(stream);
                return stream;
            },
            new DeltaProtocol(Recorded.node().node(), mesh, counters),
            loop,
            counters,
            () -> {});

    private static final class FakeStream implements AdsStream {
        private final AdsListener listener;
        private final List<DeltaDiscoveryRequest> sent = new ArrayList<>();
        private boolean cancelled;

        FakeStream(AdsListener listener) {
            this.listener = listener;
        }

        @Override
        public void send(DeltaDiscoveryRequest request) {
            sent.add(request);
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    @BeforeEach
    void start() {
        loop.execute(client::connect);
        loop.run();
    }

    /** Ends the current stream; the delay after which the next one comes. */
    private long delayAfter(StreamEnd end) {
        int before = streams.size();
        loop.execute(() -> streams.getLast().listener.ended(end));
        // Tasks without delay run as well; then there is nothing left to wait for.
        loop.run();
        if (streams.size() > before) {
            return 0;
        }
        Duration delay = loop.nextIn();
        loop.advance(delay.minusMillis(1));
        assertThat(streams).hasSize(before);
        loop.advance(Duration.ofMillis(1));
        assertThat(streams).hasSize(before + 1);
        return delay.toMillis();
    }

    private static StreamEnd failed(Status.Code code, String reason) {
        return new StreamEnd.Failed(code, reason);
    }

    private void receive() {
        loop.execute(() -> streams.getLast().listener.received(Push.of(Pushes.addresses("n"))));
        loop.run();
    }

    @Test
    void doublesTheWaitForAServerThatIsNotThereUpToFifteenSeconds() {
        List<Long> delays = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            delays.add(delayAfter(REFUSED));
        }

        assertThat(delays)
                .containsExactly(20L, 40L, 80L, 160L, 320L, 640L, 1_280L, 2_560L, 5_120L, 10_240L, 15_000L, 15_000L);
        assertThat(counters.terminations).containsOnly(Termination.CONNECTION_ERROR);
    }

    @Test
    void comesBackAtOnceWhenTheServerAsksForAnotherConnection() {
        delayAfter(REFUSED);
        delayAfter(REFUSED);
        counters.terminations.clear();

        assertThat(delayAfter(failed(Status.Code.UNKNOWN, ""))).isEqualTo(10);
        assertThat(delayAfter(failed(Status.Code.CANCELLED, ""))).isEqualTo(10);
        assertThat(delayAfter(failed(Status.Code.DEADLINE_EXCEEDED, ""))).isEqualTo(10);
        assertThat(delayAfter(failed(Status.Code.UNAVAILABLE, "transport is closing")))
                .isEqualTo(10);
        assertThat(delayAfter(failed(Status.Code.UNAVAILABLE, "received prior goaway: code")))
                .isEqualTo(10);
        assertThat(delayAfter(failed(Status.Code.UNAVAILABLE, "Connection closed after GOAWAY.")))
                .isEqualTo(10);
        assertThat(delayAfter(failed(Status.Code.UNAVAILABLE, "io exception: Connection reset")))
                .isEqualTo(10);
        assertThat(counters.terminations).containsOnly(Termination.RECONNECT);
        assertThat(delayAfter(REFUSED)).isEqualTo(20);
    }

    @Test
    void doublesTheWaitForOtherFailures() {
        assertThat(delayAfter(failed(Status.Code.UNAVAILABLE, "overloaded"))).isEqualTo(20);
        assertThat(delayAfter(failed(Status.Code.PERMISSION_DENIED, ""))).isEqualTo(40);
        assertThat(counters.terminations).containsOnly(Termination.ERROR);
    }

    @Test
    void comesBackWithoutAWaitAfterACleanEndUnlessNothingHadCome() {
        receive();
        assertThat(delayAfter(new StreamEnd.Completed())).isZero();
        assertThat(delayAfter(new StreamEnd.Completed())).isEqualTo(20);
        assertThat(delayAfter(new StreamEnd.Completed())).isEqualTo(40);
        assertThat(counters.terminations).containsOnly(Termination.COMPLETE);
    }

    @Test
    void triesAnotherConnectionIfTheServerIsNotReachedWithinAMinute() {
        loop.advance(AdsClient.CONNECT_MAX.minusMillis(1));
        assertThat(streams).hasSize(1);
        loop.advance(Duration.ofSeconds(1));
        assertThat(streams).hasSize(2);
        assertThat(streams.getFirst().cancelled).isTrue();
        assertThat(counters.terminations).containsExactly(Termination.CONNECTION_ERROR);
        assertThat(client.status().lastFailure()).contains("not reached within 60 s");
    }

    @Test
    void triesAnotherServerIfTheFirstAnswerDoesNotComeAndWaitsLongerEachTime() {
        for (long minutes : new long[] {5, 10, 20, 40, 80, 120, 120}) {
            int before = streams.size();
            reach();
            loop.advance(Duration.ofMinutes(minutes).minusMillis(1));
            assertThat(streams).as("within %s minutes", minutes).hasSize(before);
            loop.advance(Duration.ofSeconds(20));
            assertThat(streams).as("after %s minutes", minutes).hasSize(before + 1);
        }
    }

    @Test
    void waitsAnyTimeForAServerThatHasOnceSaidEverything() {
        reach();
        receive();
        loop.execute(() -> streams.getLast().listener.received(Push.of(Pushes.policies("n"))));
        loop.advance(Duration.ofDays(1));
        assertThat(streams).hasSize(1);

        delayAfter(failed(Status.Code.UNAVAILABLE, "transport is closing"));
        reach();
        loop.advance(Duration.ofDays(1));
        assertThat(streams).hasSize(2);
        assertThat(client.status().connection()).isEqualTo(AdsStatus.Connection.CONNECTED);
    }

    private void reach() {
        loop.execute(() -> streams.getLast().listener.connected("10.0.0.1:15012"));
        loop.run();
        assertThat(client.status().server()).isEqualTo("10.0.0.1:15012");
    }

    @Test
    void doesNotHearAFormerStream() {
        FakeStream first = streams.getFirst();
        delayAfter(REFUSED);
        loop.execute(() -> first.listener.received(Push.of(Pushes.addresses("n", Pushes.workload("late")))));
        loop.execute(() -> first.listener.ended(REFUSED));
        loop.run();

        assertThat(mesh.snapshot().workloads()).isEmpty();
        assertThat(counters.terminations).hasSize(1);
        assertThat(first.sent).hasSize(2);
    }

    @Test
    void endsStreamAndTimersWhenClosed() {
        client.close();
        loop.run();
        assertThat(streams.getLast().cancelled).isTrue();

        loop.advance(Duration.ofHours(1));
        assertThat(streams).hasSize(1);
        assertThat(loop.delayedTasks()).isZero();
    }

    @Test
    void givesUpAStreamWhoseResponseCannotBeRead() {
        FakeStream first = streams.getFirst();
        // It says what it is, and breaks off in its only resource.
        byte[] damaged = Pushes.addresses("n").toBuilder()
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                DeltaDiscoveryResponse.RESOURCES_FIELD_NUMBER,
                                UnknownFieldSet.Field.newBuilder()
                                        .addLengthDelimited(ByteString.copyFrom(new byte[] {26, 100}))
                                        .build())
                        .build())
                .build()
                .toByteArray();
        loop.execute(() -> first.listener.received(Push.read(new ByteArrayInputStream(damaged))));
        loop.run();

        assertThat(first.cancelled).isTrue();
        assertThat(first.sent).hasSize(2);
        assertThat(counters.terminations).containsExactly(Termination.ERROR);
        assertThat(client.status().lastFailure()).contains("protobuf");
        loop.advance(loop.nextIn());
        assertThat(streams).hasSize(2);
    }

    @Test
    void asksForEverythingAnewOnAStreamOfItsOwn() {
        receive();
        FakeStream first = streams.getFirst();
        loop.execute(() -> first.listener.received(Push.of(Pushes.addresses("n", Pushes.workload("w")))));
        loop.execute(client::askAnew);
        loop.run();

        assertThat(first.cancelled).isTrue();
        assertThat(streams).hasSize(2);
        assertThat(streams.getLast().sent)
                .hasSize(2)
                .allSatisfy(request ->
                        assertThat(request.getInitialResourceVersionsMap()).isEmpty());
        assertThat(mesh.snapshot().workloads()).hasSize(1);
        assertThat(counters.terminations).isEmpty();
    }

    @Test
    void connectsAnewAfterABugOfOurs() {
        mesh.addListener(new io.culvert.xds.mesh.MeshListener() {
            @Override
            public void workloadsChanged(io.culvert.xds.mesh.WorkloadsChange change) {
                throw new IllegalStateException("bug");
            }
        });
        FakeStream first = streams.getFirst();
        loop.execute(() -> first.listener.received(Push.of(Pushes.addresses("n", Pushes.workload("w")))));
        loop.advance(Duration.ofMillis(20));

        assertThat(first.cancelled).isTrue();
        assertThat(streams).hasSize(2);
    }
}
