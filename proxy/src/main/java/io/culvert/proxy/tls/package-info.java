/**
 * Mutual TLS 1.3 by BoringSSL, on raw buffers, and the verification of peers by their SPIFFE identity.
 *
 * <p>Everything here belongs to one data loop and is used by its thread only: contexts, sessions, the cache of verified
 * chains. BoringSSL is reached through netty-tcnative's public functions; neither its engine nor any SSLContext of the
 * JDK takes part. Nothing here knows HTTP/2, pods or where certificates come from.
 */
@NullMarked
package io.culvert.proxy.tls;

import org.jspecify.annotations.NullMarked;
