/**
 * What the control plane said about workloads, services and policies, as values, and the indexes to look them up.
 *
 * <p>{@link io.culvert.xds.mesh.MeshState} is written by the control side (the ADS client's thread, or the loader of a
 * file at start) and publishes each change as one immutable {@link io.culvert.xds.mesh.MeshSnapshot}; data loops read a
 * snapshot through one volatile read and keep it for the length of a decision. The package knows nothing of protobuf,
 * gRPC, sockets or of how a policy is evaluated.
 */
@NullMarked
package io.culvert.xds.mesh;

import org.jspecify.annotations.NullMarked;
