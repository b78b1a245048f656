/** Tests. */
@NullMarked
package io.culvert.xds.identity;

import org.jspecify.annotations.NullMarked;
