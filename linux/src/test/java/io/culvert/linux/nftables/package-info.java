/** Tests of nf_tables against the real kernel, and against nft(8) where it is installed. */
@NullMarked
package io.culvert.linux.nftables;

import org.jspecify.annotations.NullMarked;
