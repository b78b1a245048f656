/**
 * The axes: each puts one kind of load on a subject and says what came of it, in figures. An axis knows nothing of
 * other subjects, rounds or reports, and leaves a subject as it found it. Run by the harness's one thread.
 */
@NullMarked
package io.culvert.perf.axis;

import org.jspecify.annotations.NullMarked;
