package io.culvert.proxy.hbone;

import io.culvert.proxy.hbone.ConnectionEnd.Cause;
import io.culvert.proxy.relay.RawBuffer;
import java.util.List;

/** Judges frames by the state of their streams (RFC 9113 sections 5, 6 and 8), and acts on them. One per connection. */
final class FrameHandler implements FrameSink {
    private static final int STATUS_HEADERS_TOO_LARGE = 431;

    private final HboneConnection connection;
    private final boolean server;
    private final FloodGuard guard;
    private final StreamTable streams;
    private final FrameWriter writer;
    /** The highest stream number that the peer has used. */
    private int lastPeerStream;
    /** Streams above this one came after our GOAWAY: nobody will see them. */
    private int lastServedStream = Frames.STREAM_ID_MAX;

    private boolean leaving;
    private boolean peerSettingsSeen;
    private int peerStreamsMax = HboneConfig.CLIENT_STREAMS_ASSUMED;
    private boolean settingsAcknowledged;

    FrameHandler(HboneConnection connection, boolean server, FloodGuard guard) {
        this.connection = connection;
        this.server = server;
        this.guard = guard;
        this.streams = connection.streams();
        this.writer = connection.writer();
    }

    int lastPeerStream() {
        return lastPeerStream;
    }

    int peerStreamsMax() {
        return peerStreamsMax;
    }

    boolean hasPeerSettings() {
        return peerSettingsSeen;
    }

    // ---- what we say first

    /** The connection preface (RFC 9113 section 3.4): the original's SETTINGS, and HEADER_TABLE_SIZE 0 before them. */
    void sendPreface(HboneConfig config) {
        if (server) {
            writer.settings(
                    Frames.SETTING_HEADER_TABLE_SIZE,
                    0,
                    Frames.SETTING_MAX_CONCURRENT_STREAMS,
                    HboneConfig.SERVER_STREAMS_MAX,
                    Frames.SETTING_INITIAL_WINDOW_SIZE,
                    config.streamWindow(),
                    Frames.SETTING_MAX_FRAME_SIZE,
                    config.frameMax(),
                    Frames.SETTING_MAX_HEADER_LIST_SIZE,
                    HboneConfig.SERVER_HEADER_LIST_MAX);
        } else {
            writer.preface();
            writer.settings(
                    Frames.SETTING_HEADER_TABLE_SIZE,
                    0,
                    Frames.SETTING_ENABLE_PUSH,
                    0,
                    Frames.SETTING_INITIAL_WINDOW_SIZE,
                    config.streamWindow(),
                    Frames.SETTING_MAX_FRAME_SIZE,
                    config.frameMax(),
                    Frames.SETTING_MAX_HEADER_LIST_SIZE,
                    HboneConfig.CLIENT_HEADER_LIST_MAX);
        }
        if (config.connectionWindow() > Frames.DEFAULT_WINDOW) {
            writer.windowUpdate(0, config.connectionWindow() - Frames.DEFAULT_WINDOW);
        }
    }

    /** First step of a drain. */
    void announceLeaving() {
        if (!leaving) {
            leaving = true;
            writer.goAway(Frames.STREAM_ID_MAX, ErrorCode.NO_ERROR);
            writer.ping(HboneConfig.DRAIN_PAYLOAD, false);
        }
    }

    // ---- DATA

    @Override
    public void onDataFrame(int stream, int length) throws Http2Error {
        if (!connection.receiveWindow().take(length)) {
            throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "DATA beyond the connection's window");
        }
        connection.keepOpen();
        HboneStream target = streams.get(stream);
        if (target == null) {
            requireNotIdle(stream, "DATA");
            if (!streams.wasResetByUs(stream)) {
                refuseFrame(stream, ErrorCode.STREAM_CLOSED);
            }
        } else if (target.isRemoteEnded()) {
            breakStream(target, ErrorCode.STREAM_CLOSED);
        } else if (!target.take(length)) {
            breakStream(target, ErrorCode.FLOW_CONTROL_ERROR);
        } else if (!server && !target.isAnswered()) {
            breakStream(target, ErrorCode.PROTOCOL_ERROR);
        }
    }

    @Override
    public void onPadding(int stream, int bytes) {
        HboneStream target = streams.get(stream);
        if (target == null) {
            connection.credit(bytes);
        } else {
            target.credit(bytes);
        }
    }

    @Override
    public void onData(int stream, RawBuffer buffer, int at, int bytes) {
        HboneStream target = streams.get(stream);
        if (target == null) {
            connection.credit(bytes);
        } else {
            target.onData(buffer, at, bytes);
        }
    }

    @Override
    public void onDataEnd(int stream, int length, boolean endsStream) throws Http2Error {
        if (endsStream) {
            HboneStream target = streams.get(stream);
            if (target != null) {
                target.onRemoteEnd();
            }
        } else if (length == 0) {
            guard.onEmptyFrame();
        }
    }

    // ---- HEADERS

    @Override
    public void onHeaderBlock(int stream, byte[] block, int bytes, boolean endsStream) throws Http2Error {
        HboneStream target = streams.get(stream);
        try {
            if (target != null && (server || target.isAnswered())) {
                onTrailers(target, block, bytes, endsStream);
            } else if (target != null) {
                onResponse(target, block, bytes, endsStream);
            } else if (!isIdle(stream)) {
                onLateHeaders(stream, block, bytes);
            } else if (server && stream % 2 == 1) {
                onRequest(stream, block, bytes, endsStream);
            } else {
                throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "HEADERS on stream " + stream);
            }
        } catch (HeaderBlocks.Malformed e) {
            onMalformed(stream, e.tooLarge());
        }
    }

    private void onRequest(int stream, byte[] block, int bytes, boolean endsStream)
            throws Http2Error, HeaderBlocks.Malformed {
        lastPeerStream = stream;
        ConnectRequest request = connection.blocks().decodeRequest(stream, block, bytes);
        if (stream > lastServedStream || streams.size() >= HboneConfig.SERVER_STREAMS_MAX) {
            refuseFrame(stream, ErrorCode.REFUSED_STREAM);
            return;
        }
        HboneStream opened = new HboneStream(
                connection, stream, connection.config().streamWindow(), streams.initialSendWindow(), null);
        streams.add(opened);
        if (endsStream) {
            opened.onRemoteEnd();
        }
        connection.owner().onConnect(opened, request);
    }

    private void onResponse(HboneStream target, byte[] block, int bytes, boolean endsStream)
            throws Http2Error, HeaderBlocks.Malformed {
        ConnectResponse response = connection.blocks().decodeResponse(target.id(), block, bytes);
        if (response.status() < 200) {
            if (endsStream) {
                breakStream(target, ErrorCode.PROTOCOL_ERROR);
            }
            return;
        }
        if (endsStream) {
            target.onRemoteEnd();
        }
        target.onResponse(response);
    }

    private void onTrailers(HboneStream target, byte[] block, int bytes, boolean endsStream)
            throws Http2Error, HeaderBlocks.Malformed {
        connection.blocks().decodeTrailers(target.id(), block, bytes);
        if (target.isRemoteEnded()) {
            breakStream(target, ErrorCode.STREAM_CLOSED);
        } else if (endsStream) {
            target.onRemoteEnd();
        } else {
            breakStream(target, ErrorCode.PROTOCOL_ERROR);
        }
    }

    /** For a stream that has ended: answers that crossed our reset are ignored, requests cannot be. */
    private void onLateHeaders(int stream, byte[] block, int bytes) throws Http2Error, HeaderBlocks.Malformed {
        if (server && !streams.wasResetByUs(stream)) {
            throw new Http2Error(ErrorCode.STREAM_CLOSED, "HEADERS on closed stream " + stream);
        }
        connection.blocks().decodeTrailers(stream, block, bytes);
    }

    private void onMalformed(int stream, boolean tooLarge) throws Http2Error {
        HboneStream target = streams.get(stream);
        if (target != null) {
            breakStream(target, ErrorCode.PROTOCOL_ERROR);
        } else if (tooLarge && server) {
            guard.onStreamError();
            writer.headers(stream, connection.blocks().encodeResponse(STATUS_HEADERS_TOO_LARGE, List.of()), true);
            writer.reset(stream, ErrorCode.NO_ERROR);
            streams.rememberReset(stream);
        } else {
            refuseFrame(stream, ErrorCode.PROTOCOL_ERROR);
        }
    }

    // ---- the rest

    @Override
    public void onReset(int stream, int code) throws Http2Error {
        HboneStream target = streams.get(stream);
        if (target == null) {
            requireNotIdle(stream, "RST_STREAM");
            return;
        }
        if (server && !target.isAnswered()) {
            guard.onAbandonedRequest();
        }
        target.onReset(code, false);
    }

    @Override
    public void onSetting(int id, int value) throws Http2Error {
        switch (id) {
            case Frames.SETTING_HEADER_TABLE_SIZE -> connection.blocks().onPeerTableSize(value);
            case Frames.SETTING_ENABLE_PUSH -> {
                if (value != 0 && (value != 1 || !server)) {
                    throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "SETTINGS_ENABLE_PUSH " + value);
                }
            }
            case Frames.SETTING_MAX_CONCURRENT_STREAMS -> peerStreamsMax = value < 0 ? Integer.MAX_VALUE : value;
            case Frames.SETTING_INITIAL_WINDOW_SIZE -> {
                if (value < 0 || !streams.initialSendWindow(value)) {
                    throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE too large");
                }
            }
            case Frames.SETTING_MAX_FRAME_SIZE -> {
                if (value < Frames.DEFAULT_FRAME_MAX || value > Frames.FRAME_MAX_LIMIT) {
                    throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "SETTINGS_MAX_FRAME_SIZE " + value);
                }
                writer.frameMax(value);
            }
            default -> {
                // Unknown settings are ignored (RFC 9113 section 6.5.2); a header list of ours is always small.
            }
        }
    }

    @Override
    public void onSettingsEnd() throws Http2Error {
        guard.onSettings();
        writer.settingsAck();
        peerSettingsSeen = true;
        connection.owner().onPeerSettings();
    }

    @Override
    public void onSettingsAck() {
        if (!settingsAcknowledged) {
            settingsAcknowledged = true;
            connection.blocks().onOurSettingsAcknowledged();
        }
    }

    @Override
    public void onPing(long payload, boolean ack) throws Http2Error {
        if (!ack) {
            guard.onPing();
            writer.ping(payload, true);
        } else if (payload == HboneConfig.DRAIN_PAYLOAD && leaving) {
            lastServedStream = Math.min(lastServedStream, lastPeerStream);
            writer.goAway(lastPeerStream, ErrorCode.NO_ERROR);
            connection.leave();
        } else if (payload == HboneConfig.PING_PAYLOAD) {
            connection.keepAlive().onAnswer();
        }
    }

    @Override
    public void onGoAway(int lastStream, int code, String text) {
        connection.expectEnd(code, text);
        if (!server) {
            var refusal = new ConnectionEnd(Cause.HTTP2, "refused by GOAWAY " + ErrorCode.name(code));
            for (HboneStream stream : streams.all()) {
                if (stream.id() > lastStream) {
                    stream.onLost(refusal, true);
                }
            }
        }
        connection.owner().onGoingAway();
        connection.leave();
    }

    @Override
    public void onWindowUpdate(int stream, int increment) throws Http2Error {
        if (stream == 0) {
            if (increment == 0) {
                throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0");
            }
            if (!streams.widen(increment)) {
                throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "connection window too large");
            }
            streams.wake();
            return;
        }
        HboneStream target = streams.get(stream);
        if (target == null) {
            requireNotIdle(stream, "WINDOW_UPDATE");
        } else if (increment == 0) {
            breakStream(target, ErrorCode.PROTOCOL_ERROR);
        } else if (!target.widen(increment)) {
            breakStream(target, ErrorCode.FLOW_CONTROL_ERROR);
        }
    }

    // ---- errors

    /** Nobody has used it yet. Only clients open streams, with odd numbers. */
    private boolean isIdle(int stream) {
        if (stream % 2 == 0) {
            return true;
        }
        return server ? stream > lastPeerStream : stream >= connection.nextStream();
    }

    private void requireNotIdle(int stream, String what) throws Http2Error {
        if (isIdle(stream)) {
            throw new Http2Error(ErrorCode.PROTOCOL_ERROR, what + " on idle stream " + stream);
        }
    }

    private void breakStream(HboneStream target, int code) throws Http2Error {
        guard.onStreamError();
        writer.reset(target.id(), code);
        target.onReset(code, true);
    }

    private void refuseFrame(int stream, int code) throws Http2Error {
        guard.onStreamError();
        writer.reset(stream, code);
        streams.rememberReset(stream);
    }
}
