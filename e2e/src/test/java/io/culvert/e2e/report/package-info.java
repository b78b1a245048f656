/**
 * What {@code ./culvert test} prints after the tests: how many of each tier, what was not run and why, and the verdict.
 * One thread; reads Surefire's XML reports and test sources as files. Launched from source, so it must depend on
 * nothing but the JDK.
 */
@NullMarked
package io.culvert.e2e.report;

import org.jspecify.annotations.NullMarked;
