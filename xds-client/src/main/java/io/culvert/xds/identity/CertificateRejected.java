package io.culvert.xds.identity;

/** What came in answer to a certificate request cannot serve; the message says why, as ztunnel's identity.rs does. */
public final class CertificateRejected extends Exception {
    public CertificateRejected(String message) {
        super(message);
    }

    public CertificateRejected(String message, Throwable cause) {
        super(message, cause);
    }
}
