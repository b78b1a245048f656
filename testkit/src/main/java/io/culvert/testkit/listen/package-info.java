/**
 * Where a server of the testkit listens: on an address, or on an address inside another network namespace.
 *
 * <p>Used by the thread that starts the server. Knows Netty's epoll transport and namespaces, and no protocol.
 */
@NullMarked
package io.culvert.testkit.listen;

import org.jspecify.annotations.NullMarked;
