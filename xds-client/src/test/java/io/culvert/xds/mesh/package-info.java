/** Tests. */
@NullMarked
package io.culvert.xds.mesh;

import org.jspecify.annotations.NullMarked;
