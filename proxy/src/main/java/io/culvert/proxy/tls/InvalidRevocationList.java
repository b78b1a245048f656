package io.culvert.proxy.tls;

/** A file that is to hold revocation lists and cannot be understood. The message says why, in the original's words. */
public final class InvalidRevocationList extends Exception {
    private static final long serialVersionUID = 1L;

    InvalidRevocationList(String message) {
        super(message);
    }
}
