/**
 * How a connection ended, as a type: one record per cause, and the one table that says what each cause is called in the
 * access log, in the {@code response_flags} label and as an HTTP status on the tunnel.
 *
 * <p>Pure values; any thread. Depends on nothing of the proxy, so that everything of the proxy can depend on it.
 */
@NullMarked
package io.culvert.proxy.outcome;

import org.jspecify.annotations.NullMarked;
