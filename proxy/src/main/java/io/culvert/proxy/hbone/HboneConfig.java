package io.culvert.proxy.hbone;

/**
 * The numbers of HBONE. All are the original's (ztunnel config.rs, proxy/h2/{client,server}.rs); those with an
 * environment variable there have one here.
 *
 * @param streamWindow bytes that a peer may send on a stream before we have written them on (HTTP2_STREAM_WINDOW_SIZE)
 * @param connectionWindow the same for all streams of a connection (HTTP2_CONNECTION_WINDOW_SIZE)
 * @param frameMax the longest frame that we accept (HTTP2_FRAME_SIZE)
 * @param poolStreamsMax streams that a pooled connection carries at once before it leaves the pool
 *     (POOL_MAX_STREAMS_PER_CONNECTION)
 * @param poolIdleMs how long the pool keeps a connection that nobody asked for (POOL_UNUSED_RELEASE_TIMEOUT)
 * @param connectTimeoutMs for a tunnel's TCP connect; its TLS handshake gets as much again
 * @param pingAfterMs rest before a keep-alive PING, and between an answer and the next
 * @param pingTimeoutMs time for its answer
 */
public record HboneConfig(
        int streamWindow,
        int connectionWindow,
        int frameMax,
        int poolStreamsMax,
        long poolIdleMs,
        long connectTimeoutMs,
        long pingAfterMs,
        long pingTimeoutMs) {
    /** Streams that a client may have open on a connection to us. */
    static final int SERVER_STREAMS_MAX = 200;
    /** What we assume of a server until its SETTINGS have come, and never exceed. */
    static final int CLIENT_STREAMS_ASSUMED = 100;
    /** Bytes of a request's header list (RFC 9113 section 10.5.1), as server. */
    static final int SERVER_HEADER_LIST_MAX = 65_536;
    /** Bytes of a response's header list, as client. */
    static final int CLIENT_HEADER_LIST_MAX = 16_384;
    /** PING payload of the original's HTTP/2 library (h2 frame/ping.rs:USER). */
    static final long PING_PAYLOAD = 0x3b7cdb7a0b8716b4L;
    /** PING payload that marks the second step of a drain (h2 frame/ping.rs:SHUTDOWN). */
    static final long DRAIN_PAYLOAD = 0x0b7ba2f08b9bfe54L;

    public HboneConfig {
        requireBetween("stream window", streamWindow, Frames.DEFAULT_WINDOW, Integer.MAX_VALUE);
        requireBetween("connection window", connectionWindow, Frames.DEFAULT_WINDOW, Integer.MAX_VALUE);
        requireBetween("frame size", frameMax, Frames.DEFAULT_FRAME_MAX, Frames.FRAME_MAX_LIMIT);
        requireBetween("pool streams", poolStreamsMax, 1, Integer.MAX_VALUE);
    }

    public static HboneConfig defaults() {
        return new HboneConfig(4 << 20, 16 << 20, 1 << 20, 100, 300_000, 10_000, 10_000, 20_000);
    }

    private static void requireBetween(String what, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "HTTP/2 " + what + " is " + value + ", must be from " + least + " to " + most);
        }
    }
}
