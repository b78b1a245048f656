/**
 * The proxy's control-plane side against the testkit's control plane with all its faults: one process, real sockets and
 * TLS on loopback, no namespaces.
 */
@NullMarked
package io.culvert.e2e.controlplane;

import org.jspecify.annotations.NullMarked;
