/**
 * What one program promises to who starts it by itself: its output, its messages, its endpoints. Tier e2e; each test
 * has a network namespace of its own, because the ports of a proxy are fixed.
 */
@NullMarked
package io.culvert.e2e.program;

import org.jspecify.annotations.NullMarked;
