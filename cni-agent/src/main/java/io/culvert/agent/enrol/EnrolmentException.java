package io.culvert.agent.enrol;

/**
 * A pod could not be brought to where it should be. The two kinds differ in what happens next: one is tried again for
 * as long as the pod exists, the other only when something about the pod changes (or the container runtime tries
 * again).
 */
sealed class EnrolmentException extends Exception {
    private static final long serialVersionUID = 1L;

    private EnrolmentException(String message, Throwable cause) {
        super(message, cause);
    }

    /** A peer was not ready: proxy, API server, host. */
    static final class Retryable extends EnrolmentException {
        private static final long serialVersionUID = 1L;

        Retryable(String step, Exception cause) {
            super(step + ": " + cause.getMessage(), cause);
        }
    }

    /** The pod itself: its namespace is not to be found, or takes no rules. Hammering a pod that died helps nobody. */
    static final class Final extends EnrolmentException {
        private static final long serialVersionUID = 1L;

        Final(String step, Exception cause) {
            super(step + ": " + cause.getMessage(), cause);
        }
    }
}
