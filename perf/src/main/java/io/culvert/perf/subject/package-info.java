/**
 * What is measured, and what puts load on it: a standing mesh of two nodes with one proxy under test (or a plain relay,
 * or nothing), its generators as processes in the pods, and what the kernel says of the processes' time and memory.
 *
 * <p>Used by the harness's one thread; readers of the generators' output have threads of their own. Knows proxies as
 * command lines, and nothing of axes or reports.
 */
@NullMarked
package io.culvert.perf.subject;

import org.jspecify.annotations.NullMarked;
