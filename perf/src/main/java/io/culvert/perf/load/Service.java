package io.culvert.perf.load;

/** What the generator's server does on which port. */
public enum Service {
    /** Takes bytes and drops them. */
    SINK(7001),
    /** Sends bytes for as long as the connection stands. */
    SOURCE(7002),
    /** Both at once. */
    DUPLEX(7003),
    /** Answers each request, as long as it is asked to (see {@link Message}). */
    REQUESTS(7004),
    /** Nothing of ours: where iperf3 listens, if it is to be the generator. */
    IPERF3(7005);

    private final int port;

    Service(int port) {
        this.port = port;
    }

    public int port() {
        return port;
    }
}
