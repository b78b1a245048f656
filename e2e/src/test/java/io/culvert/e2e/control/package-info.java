/** What becomes of traffic, certificates and secrets when the control plane changes its mind, or is not there. */
@NullMarked
package io.culvert.e2e.control;

import org.jspecify.annotations.NullMarked;
