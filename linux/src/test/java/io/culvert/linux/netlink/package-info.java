/** Tests of netlink against the real kernel. */
@NullMarked
package io.culvert.linux.netlink;

import org.jspecify.annotations.NullMarked;
