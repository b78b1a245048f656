/**
 * Metric families and their OpenMetrics text, byte for byte as ztunnel prints it.
 *
 * <p>Counters are adders, touched by any thread; text is made on the admin thread. Depends on nothing of the proxy.
 */
@NullMarked
package io.culvert.proxy.telemetry.metrics;

import org.jspecify.annotations.NullMarked;
