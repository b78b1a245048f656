/**
 * The pods of this node: the ZDS session with the node agent, the life cycle of each pod's proxy, and sockets in pod
 * namespaces.
 *
 * <p>The session and the life cycles run on one platform thread, {@code culvert-zds}; sockets for dials are made on
 * data loops, each in a window of one system call in the pod's namespace. Knows nothing of routing, tunnels or bytes.
 */
@NullMarked
package io.culvert.proxy.inpod;

import org.jspecify.annotations.NullMarked;
