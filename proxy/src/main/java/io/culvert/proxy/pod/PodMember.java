package io.culvert.proxy.pod;

import io.culvert.proxy.relay.EndReason;

/**
 * Something of a pod that lives on one loop and has to end before the pod's proxy has finished stopping. Called on that
 * loop.
 */
public interface PodMember {

    /** No new work; what runs may finish. Most have nothing to do: they end when their connection does. */
    default void drain() {}

    /** Whether other members live on it, as streams do on a tunnel: those end first, so that each tells its reason. */
    default boolean isCarrier() {
        return false;
    }

    /** Ends now, tells why, and leaves its {@link PodLoop} before it returns. */
    void stop(EndReason reason);
}
