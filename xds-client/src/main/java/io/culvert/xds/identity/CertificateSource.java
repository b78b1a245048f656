package io.culvert.xds.identity;

/** Where certificates come from. */
public interface CertificateSource {
    /**
     * Asks for a certificate with a new key; returns at once.
     *
     * @param sink told once, from any thread, also from within this call
     */
    void fetch(Identity identity, Sink sink);

    /** Takes the answer. */
    interface Sink {
        void issued(WorkloadCertificate certificate);

        /** The reason is shown to operators and to connections that wait. */
        void failed(String reason);
    }
}
