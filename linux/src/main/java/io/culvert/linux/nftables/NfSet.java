package io.culvert.linux.nftables;

import io.culvert.linux.netlink.IpFamily;

/**
 * A named set of addresses of one family, for look-up by rules of its table.
 *
 * @param comment may be empty; at most 127 bytes of UTF-8
 */
public record NfSet(String name, IpFamily family, String comment) {
    public NfSet {
        Names.check(name);
        UserData.checkComment(comment);
    }
}
