package io.culvert.xds;

/** What is counted of the conversation with the control plane; called on the control thread. */
public interface AdsCounters {
    /** {@code istio_xds_connection_terminations_total}. */
    void connectionTerminated(Termination reason);

    /**
     * {@code istio_xds_message_total} and {@code istio_xds_message_bytes_total}, both by type URL.
     *
     * @param bytes of the resources' payloads
     */
    void messageReceived(String typeUrl, long bytes);

    /** Resources of one response that could not be used. */
    void resourcesRejected(String typeUrl, int count);

    /** Why a stream ended; the names are the metric's label values. */
    enum Termination {
        /** No stream came about. */
        CONNECTION_ERROR("ConnectionError"),
        /** It failed in another way. */
        ERROR("Error"),
        /** The server or something between wanted another connection. */
        RECONNECT("Reconnect"),
        /** It ended as it should. */
        COMPLETE("Complete");

        private final String label;

        Termination(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /** Counts nothing. */
    static AdsCounters none() {
        return new AdsCounters() {
            @Override
            public void connectionTerminated(Termination reason) {}

            @Override
            public void messageReceived(String typeUrl, long bytes) {}

            @Override
            public void resourcesRejected(String typeUrl, int count) {}
        };
    }
}
