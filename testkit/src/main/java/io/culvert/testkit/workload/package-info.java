/**
 * What runs in pods: servers that echo, answer HTTP or count bulk data, and clients that call them. They are threads of
 * the testkit's JVM whose sockets were made in the pod's network namespace, which is all that the kernel asks of an
 * inhabitant.
 *
 * <p>Threads: blocking I/O on virtual threads, one per connection; sockets are made on platform threads, because a
 * namespace is a property of the thread and a virtual thread may change its carrier. Simple on purpose: these are the
 * applications, not the proxy.
 *
 * <p>Must not depend on the mesh or the control plane.
 */
@NullMarked
package io.culvert.testkit.workload;

import org.jspecify.annotations.NullMarked;
