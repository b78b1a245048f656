package io.culvert.linux.nftables;

/** Which packets a table sees (linux/netfilter.h NFPROTO_*). */
public enum NfFamily {
    /** IPv4 and IPv6. */
    INET(1),
    IP(2),
    IP6(10);

    private final int number;

    NfFamily(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
