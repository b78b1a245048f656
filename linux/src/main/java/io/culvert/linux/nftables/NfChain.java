package io.culvert.linux.nftables;

import java.util.Locale;

/** A list of rules: called by the kernel at a hook, or by other rules. */
public sealed interface NfChain {
    String name();

    /**
     * Called by the kernel.
     *
     * @param priority lower runs first; the constants of {@link Priority} name the usual ones
     * @param drops what happens to a packet that reaches the end: dropped, or let through
     */
    record Base(String name, Type type, NfHook hook, int priority, boolean drops) implements NfChain {
        public Base {
            Names.check(name);
        }

        public Base(String name, Type type, NfHook hook, int priority) {
            this(name, type, hook, priority, false);
        }
    }

    /** Called by jump or goto. */
    record Regular(String name) implements NfChain {
        public Regular {
            Names.check(name);
        }
    }

    /** What a base chain may do. */
    enum Type {
        FILTER,
        /** Sees the first packet of a connection only, and may redirect it. */
        NAT,
        /** As filter in the output hook, but a changed mark has the packet routed again. */
        ROUTE;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Usual priorities (linux/netfilter_ipv4.h NF_IP_PRI_*). */
    final class Priority {
        public static final int RAW = -300;
        public static final int MANGLE = -150;
        public static final int DESTINATION_NAT = -100;
        public static final int FILTER = 0;
        public static final int SOURCE_NAT = 100;

        private Priority() {}
    }
}
