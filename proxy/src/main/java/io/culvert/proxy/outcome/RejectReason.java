package io.culvert.proxy.outcome;

/** Why authorization said no. {@link #text()} is the tail of "connection closed due to policy rejection: ...". */
public sealed interface RejectReason {

    /** The destination workload is not known. */
    record WorkloadNotFound() implements RejectReason {}

    /** The destination workload is not the one that this listener stands for. */
    record WorkloadMismatch() implements RejectReason {}

    /**
     * A DENY policy matched.
     *
     * @param policy "namespace/name"
     */
    record ExplicitlyDenied(String policy) implements RejectReason {}

    /** There are ALLOW policies and none matched. */
    record NotAllowed() implements RejectReason {}

    /** As ztunnel's {@code proxy.rs:AuthorizationRejectionError} prints it. */
    default String text() {
        return switch (this) {
            case WorkloadNotFound ignored -> "workload not found";
            case WorkloadMismatch ignored -> "workload mismatch";
            case ExplicitlyDenied denied -> "explicitly denied by: " + denied.policy();
            case NotAllowed ignored -> "allow policies exist, but none allowed";
        };
    }
}
