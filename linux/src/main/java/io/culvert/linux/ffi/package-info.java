/**
 * How this module reaches libc: one place that links symbols, keeps a scratch buffer per thread and reads errno.
 *
 * <p>For the packages of this module only. Runs on whatever thread makes the call; holds no locks and never logs, so it
 * may run inside a namespace window.
 */
@NullMarked
package io.culvert.linux.ffi;

import org.jspecify.annotations.NullMarked;
