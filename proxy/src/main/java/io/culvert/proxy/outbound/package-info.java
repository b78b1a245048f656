/**
 * The way out: connections captured on 15001, from the application to wherever routing says. Data loops.
 *
 * <p>Does not know {@code inbound}: what the two share is in {@code pod}.
 */
@NullMarked
package io.culvert.proxy.outbound;

import org.jspecify.annotations.NullMarked;
