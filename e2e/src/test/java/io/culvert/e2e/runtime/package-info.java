/** The whole under a real container runtime, containerd with runc; the agent chains our plugin after a bridge. */
@NullMarked
package io.culvert.e2e.runtime;

import org.jspecify.annotations.NullMarked;
