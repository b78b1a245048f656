/**
 * Who is the destination, and how to reach it: pure functions from (mesh snapshot, source, target) to a sealed
 * decision. Opens nothing, waits for nothing, remembers nothing; only the wait for the pod's own workload has state.
 *
 * <p>Called on data loops, and from outside for questions. Depends on the mesh model, addresses and outcome; never on
 * sockets.
 */
@NullMarked
package io.culvert.proxy.routing;

import org.jspecify.annotations.NullMarked;
