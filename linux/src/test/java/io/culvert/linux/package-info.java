/** Tests of the kernel interface against the real kernel. */
@NullMarked
package io.culvert.linux;

import org.jspecify.annotations.NullMarked;
