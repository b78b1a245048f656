package io.culvert.xds.identity;

/**
 * Where certificates come from: Istio's authority, a SPIFFE Workload API, files. The manager asks and renews; a source
 * that renews by itself tells {@link Updates} in between.
 */
public interface CertificateSource {
    /**
     * Asks for a certificate: one with a new key, or the newest that the source has been given. Returns at once.
     *
     * @param sink told once, from any thread, also from within this call
     */
    void fetch(Identity identity, Sink sink);

    /** Told of what comes unasked; once, before anything is fetched. */
    default void follow(Updates updates) {}

    /** Nobody here needs it any more: what was kept of it may go. On the control loop. */
    default void forgotten(Identity identity) {}

    /** Takes the answer. Certificates come on a thread that may take a few milliseconds to prepare them. */
    interface Sink {
        void issued(WorkloadCertificate certificate);

        /** The same, from a memory: it says nothing of whether the source can be reached. */
        default void restored(WorkloadCertificate certificate) {
            issued(certificate);
        }

        /** Not for this identity, or not like this. The reason is shown to operators and to connections that wait. */
        void failed(String reason);

        /** The source did not answer, whoever it was asked for: when it does, all who failed so are asked anew. */
        default void unreachable(String reason) {
            failed(reason);
        }
    }

    /** Takes what comes unasked, from any thread; of identities that nobody here needs it is not kept. */
    interface Updates {
        void renewed(WorkloadCertificate certificate);

        /** It must not be shown any more, though it may not have expired. */
        void withdrawn(Identity identity, String reason);
    }
}
