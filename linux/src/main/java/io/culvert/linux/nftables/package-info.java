/**
 * nf_tables, spoken directly over netlink: {@link io.culvert.linux.nftables.NfBatch} collects changes,
 * {@link io.culvert.linux.nftables.NfTables} commits them as one transaction and reads tables back in the same types in
 * which they were built, so that {@code dump.equals(wanted)} tells whether the kernel holds what we want.
 *
 * <p>Rules are lists of {@link io.culvert.linux.nftables.NfExpression}; each stands for the few kernel expressions that
 * nft(8) would emit for the same words, and {@code nft list ruleset} shows them as such. What another program wrote in
 * a form that this package does not have reads back as {@code Unknown}, never as something else.
 *
 * <p>Values are immutable; a batch belongs to one thread; {@code NfTables} may be shared. Control threads only: a
 * commit can take milliseconds. Must not depend on what the rules are for.
 */
@NullMarked
package io.culvert.linux.nftables;

import org.jspecify.annotations.NullMarked;
