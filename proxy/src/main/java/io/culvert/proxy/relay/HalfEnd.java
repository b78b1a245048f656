package io.culvert.proxy.relay;

import java.util.Optional;

/** How one direction of a relay ended. */
public sealed interface HalfEnd {
    /** The ends that need no further words. */
    enum Plain implements HalfEnd {
        /** Its source ended in order, every byte was delivered, and the end was passed on. */
        FINISHED,
        /** A socket of the pair was reset, or was gone when bytes were to be written to it. */
        SOCKET_RESET
    }

    /** A socket failed otherwise; {@code errno} tells how. */
    record SocketFailed(int errno) implements HalfEnd {}

    /** The tunnel's peer reset the stream with this HTTP/2 error code. */
    record StreamReset(int code) implements HalfEnd {}

    /** The tunnel connection ended beneath the stream. */
    record TunnelLost(String why) implements HalfEnd {}

    /** This side ended it. */
    record Stopped(EndReason reason) implements HalfEnd {}

    // RFC 9113 section 7.
    int NO_ERROR = 0x0;
    int STREAM_CLOSED = 0x5;
    int CANCEL = 0x8;
    int CONNECT_ERROR = 0xa;

    /**
     * The failure as the original words it; empty for the ends that it counts as normal. Those are resets and broken
     * pipes (ztunnel copy.rs:ignore_io_errors), the stream resets that tell of them, and the loss of the tunnel, which
     * is an unexpected end of file to it.
     */
    default Optional<String> error() {
        return switch (this) {
            case Plain p -> Optional.empty();
            case TunnelLost l -> Optional.empty();
            case Stopped s -> Optional.empty();
            case SocketFailed f -> Optional.of("io error: " + OsError.text(f.errno()));
            case StreamReset r ->
                switch (r.code()) {
                    case NO_ERROR, CANCEL, STREAM_CLOSED, CONNECT_ERROR -> Optional.empty();
                    default -> Optional.of("io error: stream error received: code " + r.code());
                };
        };
    }
}
