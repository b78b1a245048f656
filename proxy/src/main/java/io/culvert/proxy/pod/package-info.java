/**
 * One pod's share of the proxy, which all its roads use: its sockets, its connections, its pool and TLS contexts on
 * each data loop, and the services of the process. Data loops; a pod's {@link io.culvert.proxy.pod.PodLoop} is used by
 * its own loop alone.
 *
 * <p>Must not know the roads: it depends on neither {@code outbound} nor {@code inbound}.
 */
@NullMarked
package io.culvert.proxy.pod;

import org.jspecify.annotations.NullMarked;
