package io.culvert.proxy.pod;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.xds.identity.CertificateListener;
import io.culvert.xds.identity.CertificateManager;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.Priority;
import io.culvert.xds.identity.WorkloadCertificate;

/**
 * Finds the certificate that a connection is to show: almost always there, else asked for, with the connection waiting.
 */
public final class OwnCertificate {

    private OwnCertificate() {}

    /** Takes the answer, on the loop that asked. */
    public interface Listener {
        void certified(WorkloadCertificate own);

        /** There is none: the connection must not be made. */
        void uncertified(String reason);
    }

    /** Answers on {@code loop}, the caller's own; at once, before this returns, if the certificate is there. */
    public static void find(CertificateManager certificates, DataLoop loop, Identity identity, Listener listener) {
        WorkloadCertificate known = certificates.current(identity);
        if (known != null) {
            listener.certified(known);
            return;
        }
        certificates.request(identity, Priority.REAL_TIME, new CertificateListener() {
            @Override
            public void onCertificate(WorkloadCertificate certificate) {
                loop.post(() -> listener.certified(certificate));
            }

            @Override
            public void onFailure(String reason) {
                loop.post(() -> listener.uncertified(reason));
            }
        });
    }
}
