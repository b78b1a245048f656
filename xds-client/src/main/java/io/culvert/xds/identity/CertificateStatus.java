package io.culvert.xds.identity;

/** How an identity stands, for dumps. */
public record CertificateStatus(Identity identity, State state) {
    /** The text of config_dump. */
    public String stateText() {
        return switch (state) {
            case State.Initializing ignored -> "Initializing";
            case State.Available ignored -> "Available";
            case State.Unavailable(String error) -> "Unavailable: " + error;
        };
    }

    /** What is known of its certificate. */
    public sealed interface State {
        /** Asked for, none yet. */
        record Initializing(Priority priority) implements State {}

        /** There is one; it may be on its way to renewal. */
        record Available(WorkloadCertificate certificate) implements State {}

        /** The last attempt failed and there is none; the next is due. */
        record Unavailable(String error) implements State {}
    }
}
