/**
 * The load generator: a program of its own, a process in a pod's network namespace, driven by lines on its standard
 * input (see {@link io.culvert.perf.load.LoadMain}). Started before the measurement and kept for all of it, so that it
 * is warm, and cheap: one thread over a selector with buffers in native memory for bulk and requests, a few blocking
 * threads for short connections. What it costs is measured like what the proxies cost.
 *
 * <p>Must not depend on the mesh or on what is measured; needs nothing but the JDK, and TLS for handshakes.
 */
@NullMarked
package io.culvert.perf.load;

import org.jspecify.annotations.NullMarked;
