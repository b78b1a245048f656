/**
 * The secured way to the control plane, for ADS and CA alike: what to connect to and whom to trust, the token, the gRPC
 * channel over Netty's epoll transport and BoringSSL, and the one thread on which all of it runs.
 *
 * <p>Files (roots, token) are small and read on the control thread when a connection is made. The package knows nothing
 * of resources or certificates of workloads.
 */
@NullMarked
package io.culvert.xds.channel;

import org.jspecify.annotations.NullMarked;
