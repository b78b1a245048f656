package io.culvert.xds.identity;

/**
 * What the data plane wants made of a certificate before any of its loops can ask for it: reading keys and certificates
 * takes longer than a loop may.
 */
@FunctionalInterface
public interface CertificatePreparation {
    /** None. */
    CertificatePreparation NONE = certificate -> {};

    /**
     * Called once for each certificate, on the thread that received it; the result goes to {@link
     * WorkloadCertificate#derived}.
     *
     * @throws IllegalArgumentException if the certificate cannot be used
     */
    void prepare(WorkloadCertificate certificate);
}
