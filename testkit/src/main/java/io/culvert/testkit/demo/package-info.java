/**
 * The demonstration: a mesh of two nodes on this machine, with traffic that is allowed, denied, plain and moved, told
 * step by step, and checked: it ends well only if every expectation held.
 *
 * <p>Threads: the main thread plays all scenes; a packet tap observes on its own. Depends on {@code mesh} for all that
 * happens, and on nothing of proxy or agent but their command lines, which the launcher passes as system properties.
 */
@NullMarked
package io.culvert.testkit.demo;

import org.jspecify.annotations.NullMarked;
