package io.culvert.linux.nftables;

import java.net.InetAddress;

/**
 * A member of a set.
 *
 * @param comment may be empty; at most 127 bytes of UTF-8
 */
public record NfElement(InetAddress address, String comment) {
    public NfElement {
        UserData.checkComment(comment);
    }
}
