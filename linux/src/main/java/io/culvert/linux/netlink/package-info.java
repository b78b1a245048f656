/**
 * Netlink: the message format, a socket that asks and waits for the answer, and over it the kernel's links, addresses,
 * routes and routing rules ({@link io.culvert.linux.netlink.RouteNetlink}).
 *
 * <p>A netlink socket belongs to the network namespace in which it was opened, for ever. Its calls are synchronous; the
 * kernel answers while it takes the request, so they are short, but they take the kernel's global network lock: control
 * threads only, never a data loop. Sockets may be shared by threads; one question is in flight at a time. Must not
 * depend on {@link io.culvert.linux.nftables}.
 */
@NullMarked
package io.culvert.linux.netlink;

import org.jspecify.annotations.NullMarked;
