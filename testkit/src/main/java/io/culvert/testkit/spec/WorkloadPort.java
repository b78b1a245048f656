package io.culvert.testkit.spec;

/** A TCP port on which a pod's program listens, and what it does there. */
public record WorkloadPort(Kind kind, int port) {
    /** What a program does with a connection. */
    public enum Kind {
        /** Sends back every byte, and half-closes when the peer does. */
        ECHO,
        /** Answers HTTP/1.1 requests, naming itself and who called. */
        HTTP
    }

    public WorkloadPort {
        Names.requirePort("port " + port, "port", port);
    }
}
