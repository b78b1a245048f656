package io.culvert.proxy.relay;

/**
 * A reliable, ordered byte connection below a tunnel: TLS over a socket, or TLS inside another tunnel's stream.
 *
 * <p>Bytes written are collected and leave together when pushed. What the kernel does not take waits and is counted by
 * {@link #backlogBytes()}; the user holds its data back while there is a backlog.
 */
public interface Transport {
    DataLoop loop();

    /** Makes {@code events} the reader. Called once, before anything else. */
    void attach(TransportEvents events);

    /** Takes {@code bytes} bytes at {@code at}; they are copied (encrypted) before this returns. */
    void write(RawBuffer buffer, int at, int bytes);

    /** Sends what was written. To be called in the same turn as {@link #write}. */
    void push();

    /** Bytes that wait for the peer to read. */
    int backlogBytes();

    /** Ends in order: what was pushed is still delivered if the peer reads it within a short time. Idempotent. */
    void close();

    /** Ends at once, with a reset. Idempotent. */
    void abort();

    /**
     * What a transport tells its user. Nothing follows {@link #onTransportEnd}, which the user's own close does not
     * cause.
     */
    interface TransportEvents {
        /** The peer is who it should be; bytes may be written. */
        void onEstablished();

        /** Bytes, valid during the call. Who keeps some retains the buffer or copies. */
        void onBytes(RawBuffer buffer, int at, int bytes);

        /** The backlog is gone. */
        void onDrained();

        /** No more bytes come or go. */
        void onTransportEnd(TransportEnd end);
    }

    /** How a transport ended. */
    sealed interface TransportEnd {
        /** For logs. */
        String text();

        /** The peer closed in order (TLS close_notify, or a FIN). */
        record Closed() implements TransportEnd {
            @Override
            public String text() {
                return "connection closed by peer";
            }
        }

        /** The socket failed. */
        record SocketFailed(int errno) implements TransportEnd {
            @Override
            public String text() {
                return OsError.text(errno);
            }
        }

        /** The stream that carries this connection inside another tunnel was reset, or that tunnel is gone. */
        record CarrierFailed(String text) implements TransportEnd {}

        /** The handshake, or a record after it, was not acceptable to one of the sides. */
        record SecurityFailed(String text) implements TransportEnd {}

        /** This side has ended the tunnel that carried it. */
        record Stopped(EndReason reason) implements TransportEnd {
            @Override
            public String text() {
                return "connection closed: " + reason;
            }
        }
    }
}
