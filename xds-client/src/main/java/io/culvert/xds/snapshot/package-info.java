/**
 * What outlives the process of the control plane's state: the accepted resources, as they came, in one file.
 *
 * <p>Everything is told to it on the control thread; files are read there before anything else runs, and written by a
 * thread of its own. It knows resources by type, name and bytes, and nothing of what they mean. No secret is among
 * them.
 */
@NullMarked
package io.culvert.xds.snapshot;

import org.jspecify.annotations.NullMarked;
