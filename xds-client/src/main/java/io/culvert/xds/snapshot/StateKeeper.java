package io.culvert.xds.snapshot;

import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import java.util.function.Consumer;

/** What keeps accepted state beyond the process. All of it happens on the control thread, and returns at once. */
public interface StateKeeper {
    /** Keeps nothing. */
    StateKeeper NONE = new StateKeeper() {};

    /** Hands out what an earlier process kept, before the control plane is asked for the first time. */
    default void restore(Consumer<DeltaDiscoveryResponse> reader) {}

    /** Resources that are in use from now on, and the names of those that are not any more. */
    default void accepted(DeltaDiscoveryResponse change) {}

    /** Every type has been accepted once: from now on what is held is whole. */
    default void synced() {}

    /** Whether the control plane is there: while it is and says nothing, what was kept is as good as new. */
    default void connected(boolean now) {}
}
