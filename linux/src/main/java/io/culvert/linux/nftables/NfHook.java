package io.culvert.linux.nftables;

/** Where in a packet's way a base chain is called (linux/netfilter.h NF_INET_*). */
public enum NfHook {
    PREROUTING(0),
    INPUT(1),
    FORWARD(2),
    OUTPUT(3),
    POSTROUTING(4);

    private final int number;

    NfHook(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
