package io.culvert.xds;

/** A local configuration cannot be used; the message says where it is broken and how. */
public final class InvalidLocalState extends Exception {
    InvalidLocalState(String message) {
        super(message);
    }

    InvalidLocalState(String message, Throwable cause) {
        super(message, cause);
    }
}
