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

        @Override
        public String remedy() {
            return "it is tried again every 5 s; if that does not help, see whether the proxy has its capabilities"
                    + " (NET_ADMIN, SYS_ADMIN, NET_RAW) and whether something in the pod holds 15001, 15006 or 15008";
        }
    }

    /** The record could not be read; the session ends. */
    record Unreadable(String cause) implements Reply {
        @Override
        public String error() {
            return "failure to read message : " + cause;
        }

        @Override
        public String remedy() {
            return SAME_RELEASE;
        }
    }

    /** The descriptor that came with a pod is something else than a network namespace; the session ends. */
    record WrongDescriptor(String cause) implements Reply {
        @Override
        public String error() {
            return "failure to read message : " + cause;
        }

        @Override
        public String remedy() {
            return "see whether the agent has the node's /proc (hostPID, or its host root as a mount), where it finds"
                    + " the pods' namespaces; if it has, " + SAME_RELEASE;
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

        @Override
        public String remedy() {
            return SAME_RELEASE;
        }
    }

    /** What helps where the two halves do not understand each other. */
    String SAME_RELEASE = "the agent and the proxy disagree on ZDS: run agent and proxy of the same release; pods that"
            + " are served stay served";

    /** Text of the acknowledgement; empty means success. */
    default String error() {
        return "";
    }

    /** What the operator can do about {@link #error}: for our log, not for the agent, whose buffer is small. */
    default String remedy() {
        return "";
    }

    /** Whether the session can go on after this. */
    default boolean endsSession() {
        return switch (this) {
            case Ack ignored -> false;
            case StartFailed ignored -> false;
            case Unreadable ignored -> true;
            case WrongDescriptor ignored -> true;
            case OutOfOrder ignored -> true;
        };
    }
}
