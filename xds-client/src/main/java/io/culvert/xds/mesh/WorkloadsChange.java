package io.culvert.xds.mesh;

import io.culvert.xds.identity.Identity;
import java.util.List;

/**
 * What a change of workloads and services meant for this node.
 *
 * @param snapshot the state after it
 * @param localInserted workloads of this node that came or were replaced
 * @param localForgotten identities, as last sent, of which this node has no workload left
 */
public record WorkloadsChange(MeshSnapshot snapshot, List<Workload> localInserted, List<Identity> localForgotten) {}
