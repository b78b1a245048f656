/**
 * Who belongs to the mesh: enablement selectors, exclusions, and the verdict on one pod with its reason.
 *
 * <p>Pure and immutable, usable from every thread. Depends on {@code pod} only.
 */
@NullMarked
package io.culvert.agent.eligibility;

import org.jspecify.annotations.NullMarked;
