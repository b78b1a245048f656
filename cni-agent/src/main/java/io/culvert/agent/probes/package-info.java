/**
 * The node's own rules: what the kubelet's probes need to reach a pod of the mesh. A probe leaves the node by a socket
 * of the node itself; its source becomes an address that nothing else has and that the pod's rules let pass.
 *
 * <p>Called from pod lanes, under one lock. Depends on {@code enrol} for the interface that it implements, and on
 * {@code pod}; touches the node's namespace only.
 */
@NullMarked
package io.culvert.agent.probes;

import org.jspecify.annotations.NullMarked;
