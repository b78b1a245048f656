/**
 * What operators see of a connection: traffic metrics and the access log, both derived from one {@code ConnectionScope}
 * per connection.
 *
 * <p>Scopes live on the data loop of their connection. Series are shared between loops and are touched by adders only.
 * Depends on outcome and the mesh model; knows nothing of sockets, tunnels or routing.
 */
@NullMarked
package io.culvert.proxy.telemetry;

import org.jspecify.annotations.NullMarked;
