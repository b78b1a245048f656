/**
 * When the process is ready, and how it ends: readiness gates, drain, signals.
 *
 * <p>Gates and drains are opened and closed by control threads and read by the admin thread. Depends on nothing of the
 * proxy.
 */
@NullMarked
package io.culvert.proxy.lifecycle;

import org.jspecify.annotations.NullMarked;
