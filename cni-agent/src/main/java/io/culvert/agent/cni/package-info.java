/**
 * The event socket: answers container runtimes that ask whether a pod may start. Two dialects, Istio's own plugin's and
 * our relay's.
 *
 * <p>One thread accepts; each connection has a virtual thread, which only reads, waits for the pod's lane, and writes.
 * Depends on {@code enrol} for the answer; touches no namespace itself.
 */
@NullMarked
package io.culvert.agent.cni;

import org.jspecify.annotations.NullMarked;
