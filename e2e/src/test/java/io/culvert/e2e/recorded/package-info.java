/**
 * The original was recorded doing something; our processes do the same and are held against the recording: logs,
 * metrics, dump, frames. Tier e2e. The recordings are the proxy's golden files.
 */
@NullMarked
package io.culvert.e2e.recorded;

import org.jspecify.annotations.NullMarked;
