/**
 * The load harness: the same transfer through different node proxies, in rounds that alternate, as a table. The main
 * thread drives; senders and receivers have a platform thread each. Knows proxies as command lines only, so that any
 * ztunnel-compatible one can be measured.
 */
@NullMarked
package io.culvert.perf;

import org.jspecify.annotations.NullMarked;
