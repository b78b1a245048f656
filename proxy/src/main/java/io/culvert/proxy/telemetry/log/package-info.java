/**
 * Log lines in ztunnel's two formats, the filter that RUST_LOG and {@code /logging} speak, and the thread that writes
 * them.
 *
 * <p>Any thread makes lines; one thread, {@code culvert-log}, writes them. Depends on slf4j's back end and nothing of
 * the proxy.
 */
@NullMarked
package io.culvert.proxy.telemetry.log;

import org.jspecify.annotations.NullMarked;
