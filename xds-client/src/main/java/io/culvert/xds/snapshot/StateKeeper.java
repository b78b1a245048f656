package io.culvert.xds.snapshot;

import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import java.util.function.Consumer;

/** What keeps accepted state beyond the process. All of it happens on the control thread, and returns at once. */
public interface StateKeeper {
    /** Keeps nothing. */
    StateKeeper NONE = new StateKeeper() {};

    /** Hands out what an earlier process kept, before the control plane is asked for the first time. */
    default void restore(Consumer<DeltaDiscoveryResponse> reader) {}

    /** Whether it wants to know what is accepted. */
    default boolean keeps() {
        return false;
    }

    /** Resources that are in use from now on, and the names of those that are not any more. */
    default void accepted(DeltaDiscoveryResponse change) {}

    /** Every type has been accepted once: from now on what is held is whole. */
    default void synced() {}

    /**
     * Before anything else: how to have the control plane say everything anew. What it says then comes as any other
     * change, and behind it {@link #toldAnew}.
     *
     * @param askAnew to be called on the control thread
     */
    default void attached(Runnable askAnew) {}

    /**
     * All that was asked for anew has come.
     *
     * @param complete whether all of it could be taken
     */
    default void toldAnew(boolean complete) {}

    /** Whether the control plane is there: while it is and says nothing, what was kept is as good as new. */
    default void connected(boolean now) {}
}
