package io.culvert.proxy.hbone;

import io.culvert.proxy.hbone.ConnectionEnd.Cause;
import io.culvert.proxy.relay.BufferPool;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopTimer;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.Transport;
import io.culvert.proxy.tls.Revocation;
import io.culvert.proxy.tls.Security;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One HTTP/2 connection that carries tunnels, in either role. Owns its transport.
 *
 * <p>It is put together from parts that each do one thing: {@link FrameReader} cuts bytes into frames, {@link
 * FrameHandler} judges them by the state of the streams, {@link StreamTable} holds those, {@link FrameWriter} sends,
 * {@link HeaderBlocks} knows HPACK, {@link KeepAlive} asks whether the peer lives, {@link FloodGuard} bounds what it
 * may cost.
 *
 * <table><caption>States</caption>
 * <tr><td>CONNECTING</td><td>the transport shakes hands; {@link HboneConfig#connectTimeoutMs} at most</td></tr>
 * <tr><td>OPEN</td><td>streams come and go</td></tr>
 * <tr><td>LEAVING</td><td>no new streams, after either side's GOAWAY or {@link #release}; closes with the last
 * stream</td></tr>
 * <tr><td>CLOSED</td><td>the owner was told; streams are lost</td></tr>
 * </table>
 */
public final class HboneConnection implements Transport.TransportEvents, KeepAlive.Peer {
    private static final Logger LOG = LoggerFactory.getLogger(HboneConnection.class);

    /**
     * Frames that wait because the peer does not read. Data stops at the first write that does not fit; what piles up
     * beyond it are answers to what the peer sends all the same.
     */
    private static final int BACKLOG_MAX = BufferPool.LARGE + 256 * 1024;

    private final DataLoop loop;
    private final Transport transport;
    private final boolean server;
    private final HboneConfig config;
    private final ConnectionOwner owner;
    private final StreamTable streams = new StreamTable();
    private final ConnectionWindow receive;
    private final HeaderBlocks blocks;
    private final FrameWriter writer;
    private final FrameHandler handler;
    private final FrameReader reader;
    private final KeepAlive keepAlive;
    private State state = State.CONNECTING;
    private boolean drains;
    private @Nullable LoopTimer handshakeTimeout;
    private @Nullable Security security;
    private Revocation.@Nullable Watch watch;
    private @Nullable ConnectionEnd cause;
    private long nextStream = 1;

    private enum State {
        CONNECTING,
        OPEN,
        LEAVING,
        CLOSED
    }

    HboneConnection(Transport transport, boolean server, HboneConfig config, ConnectionOwner owner) {
        this.loop = transport.loop();
        this.transport = transport;
        this.server = server;
        this.config = config;
        this.owner = owner;
        this.receive = new ConnectionWindow(config.connectionWindow());
        int headerListMax = server ? HboneConfig.SERVER_HEADER_LIST_MAX : HboneConfig.CLIENT_HEADER_LIST_MAX;
        this.blocks = new HeaderBlocks(headerListMax);
        this.writer = new FrameWriter(transport, this::onFault);
        this.handler = new FrameHandler(this, server, new FloodGuard(loop));
        this.reader = new FrameReader(handler, server, config.frameMax(), headerListMax);
        this.keepAlive = new KeepAlive(loop, config, this);
    }

    void start() {
        handshakeTimeout = loop.schedule(
                () -> {
                    transport.abort();
                    end(new ConnectionEnd(Cause.TLS, "tls handshake timed out"));
                },
                config.connectTimeoutMs());
        transport.attach(this);
    }

    // ---- the parts, for each other

    public DataLoop loop() {
        return loop;
    }

    StreamTable streams() {
        return streams;
    }

    FrameWriter writer() {
        return writer;
    }

    HeaderBlocks blocks() {
        return blocks;
    }

    HboneConfig config() {
        return config;
    }

    ConnectionOwner owner() {
        return owner;
    }

    KeepAlive keepAlive() {
        return keepAlive;
    }

    ConnectionWindow receiveWindow() {
        return receive;
    }

    // ---- for its owner and the glue

    /** The peer is known: from here on it may also cease to count. */
    void secured(Security agreed) {
        security = agreed;
        watch = agreed.watching().begin(() -> loop.post(() -> close(EndReason.CERTIFICATE_REVOKED)));
    }

    /** What the handshake agreed on, peer included. */
    public Security security() {
        if (security == null) {
            throw new IllegalStateException("the handshake is not done");
        }
        return security;
    }

    public int openStreams() {
        return streams.size();
    }

    boolean isUsable() {
        return state == State.OPEN;
    }

    public boolean isClosed() {
        return state == State.CLOSED;
    }

    /** Streams that the server allows at once; assumed until its SETTINGS have come. */
    int peerStreamsMax() {
        return handler.peerStreamsMax();
    }

    boolean hasPeerSettings() {
        return handler.hasPeerSettings();
    }

    /** Client: the number of the next stream. */
    long nextStream() {
        return nextStream;
    }

    /** Client: sends a request on a new stream. The connection must be usable. */
    HboneStream open(ConnectRequest request, HboneStream.Answer answer) {
        if (server || state != State.OPEN) {
            throw new IllegalStateException("connection takes no requests");
        }
        int id = (int) nextStream;
        HboneStream stream = new HboneStream(this, id, config.streamWindow(), streams.initialSendWindow(), answer);
        streams.add(stream);
        nextStream += 2;
        writer.headers(id, blocks.encodeRequest(request), false);
        if (nextStream > Frames.STREAM_ID_MAX) {
            // Stream numbers are used up (RFC 9113 section 5.1.1): this one is the last.
            release();
        }
        return stream;
    }

    /** No new streams from here on; closes when the last has ended, at once if there is none. Idempotent. */
    void release() {
        if (state == State.OPEN || state == State.CONNECTING) {
            if (state == State.OPEN) {
                state = State.LEAVING;
            }
            closeIfIdle();
        }
    }

    /**
     * Server: asks the client to send no more requests, then closes when the last stream has ended. In two steps, so
     * that requests on their way are still served: GOAWAY with the highest number, and when a PING behind it is
     * answered, GOAWAY with the last that came (RFC 9113 section 6.8).
     */
    public void drain() {
        loop.checkOwner();
        if (state == State.CONNECTING) {
            // Its client is about to send requests: they are served, then it is asked to leave.
            drains = true;
        } else if (state == State.OPEN) {
            handler.announceLeaving();
        }
    }

    /** The second step of a drain, or a GOAWAY of the peer: who comes now is refused. */
    void leave() {
        if (state == State.OPEN) {
            state = State.LEAVING;
        }
        closeIfIdle();
    }

    /** Ends now: streams are lost. Idempotent. */
    public void close(EndReason reason) {
        loop.checkOwner();
        if (state != State.CLOSED) {
            if (reason == EndReason.CERTIFICATE_REVOKED && security != null) {
                LOG.info(
                        "terminating {} connection: certificate of {} revoked by CRL update",
                        server ? "inbound" : "outbound",
                        security.peer().uris());
            }
            sayGoodbye(ErrorCode.NO_ERROR);
            end(new ConnectionEnd(layer(reason), "connection closed: " + reason));
        }
    }

    private static Cause layer(EndReason reason) {
        return reason == EndReason.CERTIFICATE_REVOKED ? Cause.REVOKED : Cause.CLOSED;
    }

    private void closeIfIdle() {
        if (streams.size() == 0 && (state == State.LEAVING || state == State.CONNECTING)) {
            sayGoodbye(ErrorCode.NO_ERROR);
            end(new ConnectionEnd(Cause.CLOSED, "connection closed"));
        }
    }

    // ---- streams

    /** Bytes that streams may send now, together. */
    long sendRoom() {
        return state == State.CLOSED || transport.backlogBytes() > 0 ? 0 : streams.sendWindow();
    }

    /** {@code bytes} that came on any stream have found their place, or were dropped. */
    void credit(int bytes) {
        int announce = receive.credit(bytes);
        if (announce > 0 && state != State.CLOSED) {
            writer.windowUpdate(0, announce);
        }
    }

    /** A DATA frame has come that was allowed: whether the others' room is still enough. */
    void keepOpen() {
        int announce =
                receive.widen(loop.buffers().outstandingBytes(), loop.held().most());
        if (announce > 0 && state != State.CLOSED) {
            writer.windowUpdate(0, announce);
        }
    }

    void remove(HboneStream stream, boolean resetByUs) {
        streams.remove(stream);
        if (resetByUs) {
            streams.rememberReset(stream.id());
        }
        if (state != State.CLOSED) {
            owner.onStreamEnded();
            closeIfIdle();
        }
    }

    // ---- transport

    @Override
    public void onEstablished() {
        if (handshakeTimeout != null) {
            handshakeTimeout.cancel();
            handshakeTimeout = null;
        }
        state = State.OPEN;
        handler.sendPreface(config);
        keepAlive.start();
        if (drains) {
            handler.announceLeaving();
        }
        owner.onEstablished();
    }

    @Override
    public void onBytes(RawBuffer buffer, int at, int bytes) {
        if (state == State.CLOSED) {
            return;
        }
        try {
            reader.read(buffer, at, bytes);
        } catch (Http2Error e) {
            LOG.debug("peer broke HTTP/2: {}", e.text());
            fail(e);
            return;
        }
        if (transport.backlogBytes() > BACKLOG_MAX) {
            fail(new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "peer asks and does not read"));
        }
    }

    @Override
    public void onDrained() {
        streams.wake();
    }

    @Override
    public void onTransportEnd(Transport.TransportEnd how) {
        Cause layer = switch (how) {
            case Transport.TransportEnd.Closed c -> Cause.CLOSED;
            case Transport.TransportEnd.SocketFailed f -> Cause.SOCKET;
            case Transport.TransportEnd.CarrierFailed f -> Cause.SOCKET;
            case Transport.TransportEnd.SecurityFailed f -> Cause.TLS;
            case Transport.TransportEnd.Stopped s -> layer(s.reason());
        };
        end(cause != null ? cause : new ConnectionEnd(layer, how.text()));
    }

    /** The peer has said why it ends the connection; its end will follow. */
    void expectEnd(int code, String text) {
        if (code != ErrorCode.NO_ERROR) {
            String said = text.isEmpty() ? "" : ": " + text;
            cause = new ConnectionEnd(Cause.HTTP2, "connection error received: " + ErrorCode.name(code) + said);
        }
    }

    private void fail(Http2Error error) {
        if (state != State.CLOSED) {
            sayGoodbye(error.code());
            end(new ConnectionEnd(Cause.HTTP2, "connection error detected: " + error.text()));
        }
    }

    private void onFault(Throwable cause) {
        transport.abort();
        end(new ConnectionEnd(Cause.SOCKET, "defect of this program: " + cause));
    }

    private void sayGoodbye(int code) {
        if (state != State.CONNECTING) {
            writer.goAway(handler.lastPeerStream(), code);
            writer.flush();
        }
        transport.close();
    }

    private void end(ConnectionEnd how) {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        if (watch != null) {
            watch.end();
        }
        reader.stop();
        keepAlive.stop();
        if (handshakeTimeout != null) {
            handshakeTimeout.cancel();
            handshakeTimeout = null;
        }
        for (HboneStream stream : streams.all()) {
            stream.onLost(how, false);
        }
        writer.drop();
        owner.onClosed(how);
    }

    // ---- keep-alive

    @Override
    public void sendPing() {
        writer.ping(HboneConfig.PING_PAYLOAD, false);
    }

    @Override
    public void onSilence() {
        sayGoodbye(ErrorCode.NO_ERROR);
        end(new ConnectionEnd(Cause.SOCKET, "peer does not answer PING"));
    }
}
