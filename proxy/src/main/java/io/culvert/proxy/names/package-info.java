/**
 * Names of hosts outside the mesh, resolved for those who dial them. One thread of its own; answers go to whoever
 * asked, on their executor. Knows nothing of connections or decisions.
 */
@NullMarked
package io.culvert.proxy.names;

import org.jspecify.annotations.NullMarked;
