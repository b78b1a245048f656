package io.culvert.xds.snapshot;

/** The file is none that can be used; the message says why. */
final class InvalidSnapshot extends Exception {
    private static final long serialVersionUID = 1L;

    InvalidSnapshot(String reason) {
        super(reason);
    }
}
