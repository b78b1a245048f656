/** What was measured, as numbers with a meaning: quantities, samples, medians, spreads and ratios. No threads. */
@NullMarked
package io.culvert.perf.figure;

import org.jspecify.annotations.NullMarked;
