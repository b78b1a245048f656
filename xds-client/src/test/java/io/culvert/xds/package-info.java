/** Tests of the control-plane client, and the control plane that they talk to. */
@NullMarked
package io.culvert.xds;

import org.jspecify.annotations.NullMarked;
