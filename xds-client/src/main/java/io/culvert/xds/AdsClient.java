package io.culvert.xds;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.xds.AdsTransport.AdsListener;
import io.culvert.xds.AdsTransport.AdsStream;
import io.culvert.xds.AdsTransport.StreamEnd;
import io.culvert.xds.channel.ControlLoop;
import io.culvert.xds.channel.GrpcTransport;
import io.culvert.xds.channel.RepeatedFailure;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.snapshot.StateKeeper;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an ADS stream open and lets {@link DeltaProtocol} answer what comes. Lives on the control loop.
 *
 * <pre>
 * state       event                            next
 * WAITING     start, timer                     CONNECTING: open, send the initial requests
 * CONNECTING  server reached                   CONNECTED
 * CONNECTED   response                         CONNECTED: apply, answer; first sync is announced once
 * both        end, too late, or a bug of ours  WAITING: timer as {@link ReconnectDelay} says
 * any         close                            CLOSED
 * </pre>
 *
 * <p>Too late is a server that is not reached within a minute, or that before the first sync says nothing for five, and
 * twice as long each time: another replica may do better. Later silence is what a mesh without changes sounds like, and
 * ends only with the connection, whose life HTTP/2 pings watch.
 */
public final class AdsClient implements OnDemand, AutoCloseable {
    /** TCP, TLS and HTTP/2 have shorter limits of their own; this is for what they leave out. */
    static final Duration CONNECT_MAX = Duration.ofMinutes(1);

    /** A loaded istiod takes a minute for its first answer to a large mesh. */
    static final Duration FIRST_ANSWER_MAX = Duration.ofMinutes(5);

    private static final Duration FIRST_ANSWER_LONGEST = Duration.ofHours(2);

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
    private Duration firstAnswerMax = FIRST_ANSWER_MAX;
    private boolean announced;
    private long streams;
    private String server = "";
    private String lastFailure = "";
    private Instant since;
    /** By type URL, of types that are known here: a server can send others without end. */
    private final Map<String, Instant> lastResponses = new HashMap<>();

    private volatile AdsStatus status = AdsStatus.NONE;

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
        this.since = control.instant();
    }

    /**
     * Starts at once, without waiting for anything, from what an earlier process kept.
     *
     * @param firstSync called on the control loop, once, when every type that is followed as a whole has been ACKed
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
        var subscription =
                config.onDemand() ? DeltaProtocol.Subscription.ON_DEMAND : DeltaProtocol.Subscription.WILDCARD;
        var protocol = new DeltaProtocol(config.node().node(), mesh, counters, subscription, keeper);
        AdsClient client = new AdsClient(transport, protocol, control, counters, keeper, firstSync);
        control.execute(() -> {
            keeper.attached(client::askAnew);
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
        streams++;
        Session opened = new Session();
        session = opened;
        enter(State.CONNECTING);
        timer = control.schedule(CONNECT_MAX, () -> opened.giveUp("the server was not reached within ", CONNECT_MAX));
        opened.stream = transport.open(opened);
        for (DeltaDiscoveryRequest request : protocol.initialRequests()) {
            opened.send(request);
        }
    }

    private void enter(State next) {
        state = next;
        since = control.instant();
        stopTimer();
        publish();
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    private void publish() {
        AdsStatus.Connection connection = switch (state) {
            case WAITING, CLOSED -> AdsStatus.Connection.WAITING;
            case CONNECTING -> AdsStatus.Connection.CONNECTING;
            case CONNECTED -> AdsStatus.Connection.CONNECTED;
        };
        status = new AdsStatus(connection, server, since, streams, lastFailure, lastResponses, protocol.status());
    }

    /** How things stand. From any thread. */
    public AdsStatus status() {
        return status;
    }

    private void connected(Session to, String address) {
        server = address;
        enter(State.CONNECTED);
        if (!announced) {
            Duration limit = firstAnswerMax;
            timer = control.schedule(limit, () -> {
                Duration twice = limit.multipliedBy(2);
                firstAnswerMax = twice.compareTo(FIRST_ANSWER_LONGEST) < 0 ? twice : FIRST_ANSWER_LONGEST;
                to.giveUp("the server said nothing within ", limit);
            });
        }
    }

    private void received(Session from, Push push) {
        stopTimer();
        DeltaDiscoveryRequest answer;
        try {
            answer = protocol.respond(push);
        } catch (UnreadableResponse e) {
            from.cancel();
            ended(from, new StreamEnd.Failed(Status.Code.INTERNAL, String.valueOf(e.getMessage())));
            return;
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
        ResourceType.of(push.typeUrl()).ifPresent(type -> lastResponses.put(type.typeUrl(), control.instant()));
        publish();
        protocol.takeAnswered().forEach(OnDemand.Listener::answered);
        if (!announced && protocol.synced()) {
            announced = true;
            keeper.synced();
            firstSync.run();
        }
    }

    private void ended(Session from, StreamEnd end) {
        session = null;
        server = "";
        keeper.connected(false);
        ReconnectDelay.Next next = delays.after(end, from.anythingReceived);
        protocol.ended(end.reason());
        lastFailure = end.reason();
        counters.connectionTerminated(next.reason());
        log(end, next);
        enter(State.WAITING);
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

    @Override
    public void demand(String key, OnDemand.Listener listener) {
        control.execute(() -> protocol.demand(key, listener).ifPresent(request -> {
            LOG.debug("asking for {}", key);
            if (session != null) {
                session.send(request);
            }
        }));
    }

    /** Has the control plane say everything anew, on a new stream; what is held stays in use meanwhile. */
    void askAnew() {
        control.checkInLoop();
        protocol.askAnew();
        Session present = session;
        if (present != null) {
            present.cancel();
            session = null;
            connect();
        }
    }

    /** Ends the stream; mesh state stays. From any thread. */
    @Override
    public void close() {
        control.execute(() -> {
            if (session != null) {
                session.cancel();
                session = null;
            }
            enter(State.CLOSED);
        });
    }

    private enum State {
        WAITING,
        CONNECTING,
        CONNECTED,
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

        void giveUp(String what, Duration limit) {
            if (session == this) {
                cancel();
                AdsClient.this.ended(this, new StreamEnd.NotConnected(what + limit.toSeconds() + " s"));
            }
        }

        @Override
        public void connected(String address) {
            control.checkInLoop();
            if (session == this && state == State.CONNECTING) {
                AdsClient.this.connected(this, address);
            }
        }

        @Override
        public void received(Push push) {
            control.checkInLoop();
            if (session == this) {
                // Whoever answers has been reached.
                connected("");
                anythingReceived = true;
                AdsClient.this.received(this, push);
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
