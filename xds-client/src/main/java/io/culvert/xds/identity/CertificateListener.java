package io.culvert.xds.identity;

/** Waits for a certificate; exactly one of the two is called, once, and must not block. */
public interface CertificateListener {
    void onCertificate(WorkloadCertificate certificate);

    void onFailure(String reason);
}
