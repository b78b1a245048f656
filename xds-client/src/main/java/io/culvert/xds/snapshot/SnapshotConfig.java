package io.culvert.xds.snapshot;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where a snapshot is kept, and how far it is believed.
 *
 * @param owner whose state it is: that of another node or cluster is not taken
 * @param ageMax an older one is not used; state that old would outlive the certificates that go with it
 * @param interval the least time between two writes; a large file is written more rarely
 */
public record SnapshotConfig(Path file, Owner owner, Duration ageMax, Duration interval) {

    /** A proxy's place: what is local depends on the node, and names depend on the cluster. */
    public record Owner(String node, String cluster) {}
}
