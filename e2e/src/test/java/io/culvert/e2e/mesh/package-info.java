/**
 * Promises about the whole, kept on a mesh of real processes: what a pod, and what an operator, may rely on. Tier e2e;
 * each class has one mesh for all its tests, unless a test breaks it.
 */
@NullMarked
package io.culvert.e2e.mesh;

import org.jspecify.annotations.NullMarked;
