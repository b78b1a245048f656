package io.culvert.proxy.inpod;

/** The answer to one ZDS request. Every request gets exactly one. */
sealed interface Reply {

    /** Done. */
    record Ack() implements Reply {}

    /** The pod's proxy did not start; the session goes on, and the pod is tried again. */
    record StartFailed(String cause) implements Reply {
        @Override
        public String error() {
            return "failure to start proxy : " + cause;
        }
    }

    /** The record could not be read; the session ends. */
    record Unreadable(String cause) implements Reply {
        @Override
        public String error() {
            return "failure to read message : " + cause;
        }
    }

    /**
     * The record made no sense at this point of the session, which therefore ends. The original ends its process here;
     * the agent's mistake must not cost the node's traffic.
     */
    record OutOfOrder(String cause) implements Reply {
        @Override
        public String error() {
            return "failure to process message : " + cause;
        }
    }

    /** Text of the acknowledgement; empty means success. */
    default String error() {
        return "";
    }

    /** Whether the session can go on after this. */
    default boolean endsSession() {
        return switch (this) {
            case Ack ignored -> false;
            case StartFailed ignored -> false;
            case Unreadable ignored -> true;
            case OutOfOrder ignored -> true;
        };
    }
}
