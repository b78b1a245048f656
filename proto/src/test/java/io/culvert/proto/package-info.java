/** Tests of the wire contracts against what the originals put on the wire. */
@NullMarked
package io.culvert.proto;

import org.jspecify.annotations.NullMarked;
