package io.culvert.testkit.workload;

import java.util.Map;

/** How an HTTP request went. */
public sealed interface HttpResult {
    /** An answer; header names in lower case. */
    record Reply(int status, Map<String, String> headers, String body) implements HttpResult {
        public Reply {
            headers = Map.copyOf(headers);
        }

        /** The pod that answered, by {@link HttpServer}'s header; empty if another server did. */
        public String pod() {
            return headers.getOrDefault("x-pod", "");
        }

        /** The node of the pod that answered. */
        public String node() {
            return headers.getOrDefault("x-node", "");
        }

        /** The address that the server saw as its peer. */
        public String peer() {
            return headers.getOrDefault("x-peer", "");
        }
    }

    /** No answer; the connection's end says why. */
    record NoReply(TcpResult end) implements HttpResult {}
}
