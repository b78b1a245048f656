/** Tests. */
@NullMarked
package io.culvert.xds.channel;

import org.jspecify.annotations.NullMarked;
