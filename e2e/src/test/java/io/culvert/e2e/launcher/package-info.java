/**
 * The scripts that people start: {@code culvert}, {@code dev}, {@code .ci/run}, and Maven by itself. Each test runs
 * them, or copies of them, as somebody in trouble would, and reads what they say. One thread. Depends on no other
 * package of these tests.
 */
@NullMarked
package io.culvert.e2e.launcher;

import org.jspecify.annotations.NullMarked;
