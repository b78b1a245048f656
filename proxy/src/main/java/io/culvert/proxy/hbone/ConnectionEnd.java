package io.culvert.proxy.hbone;

/** How a connection ended. */
public record ConnectionEnd(Cause cause, String text) {
    /** Which layer ended it. */
    public enum Cause {
        /** One of the sides did not accept the other's handshake, or a record after it. */
        TLS,
        /** One of the sides broke HTTP/2, or said that the other did. */
        HTTP2,
        /** The socket failed, or the peer was silent too long. */
        SOCKET,
        /** This side has cut it off: the peer's certificate was revoked. */
        REVOKED,
        /** One of the sides closed in order. */
        CLOSED
    }
}
