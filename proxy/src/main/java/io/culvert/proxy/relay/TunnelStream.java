package io.culvert.proxy.relay;

/**
 * What a relay needs of a tunnel's stream: two byte directions, each with flow control, an end and a reset.
 *
 * <p>All calls are made on the stream's loop. After {@link #abort}, or once both directions have ended, nothing more is
 * heard from it.
 */
public interface TunnelStream {
    /** Free bytes that {@link #send} needs in front of the payload, for a frame header. */
    int HEADROOM = 9;

    /** Makes {@code events} the reader; what came before is delivered during the call. */
    void attach(TunnelEvents events);

    /** Bytes that may be sent now. If none, {@link TunnelEvents#onSendable} follows when that has changed. */
    int sendRoom();

    /**
     * Sends {@code bytes} (at most {@link #sendRoom()}) bytes at {@code at}. The {@value #HEADROOM} bytes before them,
     * and the payload itself, are overwritten: the content is gone afterwards.
     */
    void send(RawBuffer buffer, int at, int bytes);

    /** Nothing more will be sent. */
    void sendEnd();

    /** Ends both directions at once. */
    void abort(Abort why);

    /** {@code bytes} that were received have found their place: the peer may send as many again. */
    void credit(int bytes);

    /** Why a stream is aborted: decides what the peer is told. */
    enum Abort {
        /**
         * The socket behind it was reset: RST_STREAM CONNECT_ERROR (RFC 9113 section 8.5), to be a reset again at the
         * other end.
         */
        SOCKET_RESET,
        /** This side does not want it any longer: RST_STREAM CANCEL. */
        CANCELLED,
        /** What it sent was not read, and there is no more room for it: RST_STREAM ENHANCE_YOUR_CALM. */
        OUT_OF_ROOM
    }

    /** What a stream tells its reader. */
    interface TunnelEvents {
        /**
         * Bytes, valid during the call or until the loop's gathered bytes are flushed; they are credited when they are
         * written.
         */
        void onData(RawBuffer buffer, int at, int bytes);

        /** The peer will send nothing more. */
        void onEnd();

        /** The peer has reset the stream. */
        void onReset(int code);

        /** The connection beneath is gone. */
        void onLost(String why);

        /** This side has ended the connection beneath, and knows why. */
        default void onStopped(EndReason reason) {
            onLost("connection closed: " + reason);
        }

        /** {@link #sendRoom()} is worth asking again. */
        void onSendable();
    }
}
