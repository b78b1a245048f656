/**
 * The testkit's programs: what an operator or developer starts by name. Each wires packages of the testkit together and
 * talks to a person; nothing else depends on this package.
 */
@NullMarked
package io.culvert.testkit;

import org.jspecify.annotations.NullMarked;
