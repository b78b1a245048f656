/**
 * The settings of the process, read once at start from the environment and the mesh file, exactly as ztunnel reads
 * them, so that its chart configures this proxy too.
 *
 * <p>Pure but for reading files; the main thread. Depends on value types of the other packages, and decides nothing for
 * them.
 */
@NullMarked
package io.culvert.proxy.config;

import org.jspecify.annotations.NullMarked;
