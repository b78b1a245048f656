package io.culvert.xds.mesh;

import java.util.List;

/** Who has a key of an {@link OwnersIndex}: nearly always one workload, which then needs no object to say so. */
sealed interface Owners permits Workload, Owners.Listed {
    /**
     * Several, or one whose key is not the only one that it has in the index.
     *
     * @param first of the key, which the workloads cannot tell
     * @param ranked the best first; never empty
     */
    record Listed(Object first, Object second, List<Workload> ranked) implements Owners {}
}
