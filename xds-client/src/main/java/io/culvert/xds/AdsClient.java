package io.culvert.xds;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.xds.AdsTransport.AdsListener;
import io.culvert.xds.AdsTransport.AdsStream;
import io.culvert.xds.AdsTransport.StreamEnd;
import io.culvert.xds.channel.ControlLoop;
import io.culvert.xds.channel.GrpcTransport;
import io.culvert.xds.channel.RepeatedFailure;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.snapshot.StateKeeper;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an ADS stream open and lets {@link DeltaProtocol} answer what comes. Lives on the control loop.
 *
 * <pre>
 * state       event                  next
 * WAITING     start, timer           STREAMING: open, send the initial requests
 * STREAMING   response               STREAMING: apply, answer; first sync is announced once
 * STREAMING   end, or a bug of ours  WAITING: timer as {@link ReconnectDelay} says
 * any         close                  CLOSED
 * </pre>
 */
public final class AdsClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AdsClient.class);

    private final AdsTransport transport;
    private final DeltaProtocol protocol;
    private final ControlLoop control;
    private final AdsCounters counters;
    private final StateKeeper keeper;
    private final Runnable firstSync;
    private final ReconnectDelay delays = new ReconnectDelay();
    private final RepeatedFailure failures = new RepeatedFailure();

    private State state = State.WAITING;
    private @Nullable Session session;
    private ControlLoop.@Nullable Timer timer;
    private boolean announced;

    AdsClient(
            AdsTransport transport,
            DeltaProtocol protocol,
            ControlLoop control,
            AdsCounters counters,
            Runnable firstSync) {
        this(transport, protocol, control, counters, StateKeeper.NONE, firstSync);
    }

    AdsClient(
            AdsTransport transport,
            DeltaProtocol protocol,
            ControlLoop control,
            AdsCounters counters,
            StateKeeper keeper,
            Runnable firstSync) {
        this.keeper = keeper;
        this.transport = transport;
        this.protocol = protocol;
        this.control = control;
        this.counters = counters;
        this.firstSync = firstSync;
    }

    /**
     * Starts at once, without waiting for anything, from what an earlier process kept.
     *
     * @param firstSync called on the control loop, once, when both types have been ACKed
     */
    public static AdsClient start(
            XdsConfig config,
            MeshState mesh,
            GrpcTransport grpc,
            ControlLoop control,
            AdsCounters counters,
            StateKeeper keeper,
            Runnable firstSync) {
        var transport = new GrpcAdsTransport(grpc, config.endpoint(), control);
        var protocol = new DeltaProtocol(config.node().node(), mesh, counters, keeper);
        AdsClient client = new AdsClient(transport, protocol, control, counters, keeper, firstSync);
        control.execute(() -> {
            keeper.restore(protocol::restore);
            client.connect();
        });
        return client;
    }

    void connect() {
        control.checkInLoop();
        if (state == State.CLOSED) {
            return;
        }
        state = State.STREAMING;
        Session opened = new Session();
        session = opened;
        opened.stream = transport.open(opened);
        for (DeltaDiscoveryRequest request : protocol.initialRequests()) {
            opened.send(request);
        }
    }

    private void received(Session from, DeltaDiscoveryResponse response) {
        DeltaDiscoveryRequest answer;
        try {
            answer = protocol.respond(response);
        } catch (RuntimeException bug) {
            LOG.error("a response of the control plane could not be handled; connecting anew", bug);
            from.cancel();
            ended(from, new StreamEnd.Failed(Status.Code.INTERNAL, bug.toString()));
            return;
        }
        int failed = failures.over();
        if (failed > 1) {
            LOG.info("XDS client connected, after {} failures", failed);
        }
        from.send(answer);
        keeper.connected(true);
        if (!announced && protocol.synced()) {
            announced = true;
            keeper.synced();
            firstSync.run();
        }
    }

    private void ended(Session from, StreamEnd end) {
        session = null;
        state = State.WAITING;
        keeper.connected(false);
        ReconnectDelay.Next next = delays.after(end, from.anythingReceived);
        counters.connectionTerminated(next.reason());
        log(end, next);
        timer = control.schedule(next.delay(), this::connect);
    }

    private void log(StreamEnd end, ReconnectDelay.Next next) {
        long millis = next.delay().toMillis();
        switch (end) {
            case StreamEnd.NotConnected(String reason) -> failed("XDS client connection error: " + reason, millis);
            case StreamEnd.Failed(Status.Code ignored, String reason) -> {
                if (next.reason() == AdsCounters.Termination.RECONNECT) {
                    LOG.debug("XDS client terminated: {}, retrying in {} ms", reason, millis);
                } else {
                    failed("XDS client error: " + reason, millis);
                }
            }
            case StreamEnd.Completed ignored -> failed("XDS client complete", millis);
        }
    }

    private void failed(String what, long millis) {
        if (failures.isNews(what, control.instant())) {
            LOG.warn("{}, retrying in {} ms{}", what, millis, failures.count());
        } else {
            LOG.debug("{}, retrying in {} ms{}", what, millis, failures.count());
        }
    }

    /** Ends the stream; mesh state stays. From any thread. */
    @Override
    public void close() {
        control.execute(() -> {
            state = State.CLOSED;
            if (timer != null) {
                timer.cancel();
            }
            if (session != null) {
                session.cancel();
                session = null;
            }
        });
    }

    private enum State {
        WAITING,
        STREAMING,
        CLOSED
    }

    /** One stream; what a former one still says is not heard. */
    private final class Session implements AdsListener {
        private @Nullable AdsStream stream;
        private boolean anythingReceived;

        void send(DeltaDiscoveryRequest request) {
            if (stream != null) {
                stream.send(request);
            }
        }

        void cancel() {
            if (stream != null) {
                stream.cancel();
            }
        }

        @Override
        public void received(DeltaDiscoveryResponse response) {
            control.checkInLoop();
            if (session == this) {
                anythingReceived = true;
                AdsClient.this.received(this, response);
            }
        }

        @Override
        public void ended(StreamEnd end) {
            control.checkInLoop();
            if (session == this) {
                AdsClient.this.ended(this, end);
            }
        }
    }
}
