package io.culvert.linux.netlink;

/**
 * A routing rule: packets whose mark, masked, equals {@code mark} look into {@code table}.
 *
 * @param priority lower is asked first
 * @param mark with {@code markMask} 0 the rule takes every packet, whatever its mark
 * @param table 0 if the rule does something else than look up a table
 */
public record Rule(IpFamily family, int priority, int mark, int markMask, int table) {}
