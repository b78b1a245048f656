/** Tests. */
@NullMarked
package io.culvert.xds.snapshot;

import org.jspecify.annotations.NullMarked;
