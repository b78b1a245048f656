/**
 * The kernel, by the Foreign Function API: descriptors, network namespaces, sockets and their options, SEQPACKET Unix
 * sockets that pass descriptors, mounts. Netlink lies in {@link io.culvert.linux.netlink}, packet rules in
 * {@link io.culvert.linux.nftables}.
 *
 * <p>Any platform thread may call; nothing here keeps state per caller but a scratch buffer per thread. Calls that can
 * block say so. Every failure is a {@link KernelException} that carries errno and what was attempted. A descriptor has
 * exactly one owner, an {@link Fd}, and is never closed behind its owner's back.
 *
 * <p>Layouts and numbers are those of 64-bit Linux (LP64) and equal on x86_64 and aarch64. Must not depend on Netty, on
 * any logging, or on another module.
 */
@NullMarked
package io.culvert.linux;

import org.jspecify.annotations.NullMarked;
