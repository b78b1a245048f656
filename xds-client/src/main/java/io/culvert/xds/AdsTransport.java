package io.culvert.xds;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.grpc.Status;

/** Opens ADS streams: the seam between the client and the wire, where tests and simulations step in. */
interface AdsTransport {
    /**
     * Connects anew and opens a stream. Failures, of whatever kind, arrive at the listener.
     *
     * @param listener called on the control loop, never from within this call
     */
    AdsStream open(AdsListener listener);

    /** One stream. */
    interface AdsStream {
        void send(DeltaDiscoveryRequest request);

        /** Ends it without another word to the listener; idempotent. */
        void cancel();
    }

    /** What comes from a stream. */
    interface AdsListener {
        /**
         * The server was reached; it has said nothing yet.
         *
         * @param server its address, empty if it is not known
         */
        void connected(String server);

        /**
         * A response came.
         *
         * @param push good until this returns
         */
        void received(Push push);

        /** Nothing more will come. */
        void ended(StreamEnd end);
    }

    /** How a stream ended. */
    sealed interface StreamEnd {
        /** In words, for people. */
        String reason();

        /** The server never answered: no connection, no trust, no permission. */
        record NotConnected(String reason) implements StreamEnd {}

        /** It was refused or broke off later, or could not even be tried. */
        record Failed(Status.Code code, String reason) implements StreamEnd {}

        /** The server ended it as one does. */
        record Completed() implements StreamEnd {
            @Override
            public String reason() {
                return "the server ended the stream";
            }
        }
    }
}
