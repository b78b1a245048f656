package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.TcpDial.DialFailure;

/** Why a tunnel could not be opened. */
public sealed interface OpenFailure {
    /** For the log. */
    String text();

    /** There is no certificate to show. */
    record CertificateUnavailable(String text) implements OpenFailure {}

    /** No socket could be made, or it could not be connected. */
    record DialFailed(DialFailure failure) implements OpenFailure {
        @Override
        public String text() {
            return failure.text();
        }
    }

    /** One of the sides did not accept the other's handshake. */
    record TlsFailed(String text) implements OpenFailure {}

    /** HTTP/2 went wrong, on the stream or the connection. */
    record Http2Failed(String text) implements OpenFailure {}

    /** The connection was lost before the answer. */
    record ConnectionLost(String text) implements OpenFailure {}

    /** The peer's certificate was revoked before the answer came. */
    record Revoked(String text) implements OpenFailure {}

    /** The answer was another status than 200. */
    record Refused(int status) implements OpenFailure {
        @Override
        public String text() {
            return "http status: " + status;
        }
    }

    /** The pool takes no more requests. */
    record Draining() implements OpenFailure {
        @Override
        public String text() {
            return "pool draining";
        }
    }

    /** What the end of a connection means for who waited for an answer on it. */
    static OpenFailure of(ConnectionEnd end) {
        return switch (end.cause()) {
            case TLS -> new TlsFailed(end.text());
            case HTTP2 -> new Http2Failed(end.text());
            case REVOKED -> new Revoked(end.text());
            case SOCKET, CLOSED -> new ConnectionLost(end.text());
        };
    }
}
