/**
 * SOCKS5 (RFC 1928) as another way to the road out: an application that can name its destination by itself needs no
 * redirection. What the conversation yields goes to {@code outbound} and is one of its connections from there on. Data
 * loops; nothing here is shared between them but the counters.
 *
 * <p>Knows {@code outbound}, and is known by the wiring alone.
 */
@NullMarked
package io.culvert.proxy.socks5;

import org.jspecify.annotations.NullMarked;
