/**
 * A control plane for tests and for one machine: delta ADS for workloads, services and policies, and a certificate
 * authority, behind one TLS port. It speaks gRPC for real and serves any proxy that speaks ztunnel's protocol.
 *
 * <p>One control thread owns all state and runs every gRPC callback; Netty's loop below it only moves bytes. Verbs may
 * be called from any other thread: they return when the control thread has done what was asked. Does not depend on the
 * packages that make namespaces and processes, nor on proxy or agent.
 */
@NullMarked
package io.culvert.testkit.controlplane;

import org.jspecify.annotations.NullMarked;
