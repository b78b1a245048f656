/**
 * Addresses with a port, parsed once at the edge and kept typed inside.
 *
 * <p>Pure values; any thread. Depends on the mesh model's {@code IpAddress} only.
 */
@NullMarked
package io.culvert.proxy.address;

import org.jspecify.annotations.NullMarked;
