/**
 * Micro-benchmarks of the proxy's parts, by JMH: {@code ./culvert perf micro [REGEX]}. They run under the flags that
 * the proxy runs under, and answer what a change costs or saves in one place; whether that matters is for the load
 * harness to say.
 *
 * <p>The only package of this module that may use the proxy's classes. Benchmark classes are not final, because JMH
 * writes subclasses. Threads are JMH's.
 */
@NullMarked
package io.culvert.perf.micro;

import org.jspecify.annotations.NullMarked;
