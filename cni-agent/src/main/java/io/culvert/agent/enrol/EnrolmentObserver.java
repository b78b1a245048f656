package io.culvert.agent.enrol;

import java.time.Duration;

/** Told what the lanes do, for metrics. Called on their threads; must return at once. */
public interface EnrolmentObserver {
    /** What made the agent look at a pod. */
    enum EventKind {
        ADD,
        UPDATE,
        DELETE
    }

    /** One attempt at one event, retries included. */
    void reconciled(EventKind kind);

    /** A pod was brought into the mesh, from the moment that its lane took it up until all steps were done. */
    void enrolled(Duration took);
}
