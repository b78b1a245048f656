package io.culvert.proxy.telemetry;

/** Which side of a connection tells about it. */
public enum Reporter {
    /** The client's proxy: 15001. */
    SOURCE("source", "outbound"),
    /** The server's proxy: 15008 and 15006. */
    DESTINATION("destination", "inbound");

    private final String label;
    private final String direction;

    Reporter(String label, String direction) {
        this.label = label;
        this.direction = direction;
    }

    /** Value of the {@code reporter} label. */
    public String label() {
        return label;
    }

    /** Value of the access log's {@code direction} field. */
    public String direction() {
        return direction;
    }
}
