package io.culvert.proxy.tls;

/** The peer's certificate is not acceptable. The message is for the log, in the words of the original. */
final class PeerRejected extends Exception {
    private static final long serialVersionUID = 1L;

    /** A constant of {@link io.netty.internal.tcnative.CertificateVerifier}: decides the alert that the peer gets. */
    private final int verifyError;

    private final PeerFault fault;

    PeerRejected(int verifyError, PeerFault fault, String text) {
        super(text, null, false, false);
        this.verifyError = verifyError;
        this.fault = fault;
    }

    PeerFault fault() {
        return fault;
    }

    int verifyError() {
        return verifyError;
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
