package io.culvert.linux.nftables;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Something of a packet, its connection or its socket that a rule can look at. */
public sealed interface NfField {
    NfField IP_SOURCE = new Payload(Payload.Base.NETWORK, 12, 4);
    NfField IP_DESTINATION = new Payload(Payload.Base.NETWORK, 16, 4);
    NfField IP6_SOURCE = new Payload(Payload.Base.NETWORK, 8, 16);
    NfField IP6_DESTINATION = new Payload(Payload.Base.NETWORK, 24, 16);
    /** Of TCP, UDP and SCTP alike: check the protocol first. */
    NfField SOURCE_PORT = new Payload(Payload.Base.TRANSPORT, 0, 2);

    NfField DESTINATION_PORT = new Payload(Payload.Base.TRANSPORT, 2, 2);

    /** Bytes that it takes in a register. */
    int length();

    /** Bytes of the packet itself. */
    record Payload(Base base, int offset, int length) implements NfField {
        /** Where to count from (linux/netfilter/nf_tables.h NFT_PAYLOAD_*_HEADER). */
        public enum Base {
            LINK(0),
            NETWORK(1),
            TRANSPORT(2);

            private final int number;

            Base(int number) {
                this.number = number;
            }

            int number() {
                return number;
            }

            static Optional<Base> of(int number) {
                return Arrays.stream(values()).filter(b -> b.number == number).findAny();
            }
        }
    }

    /** What the kernel knows of the packet (NFT_META_*). */
    enum Meta implements NfField {
        /** The firewall mark, which SO_MARK sets; host order. */
        MARK(3, 4),
        /** Name of the interface that it came in by. */
        IIFNAME(6, 16),
        OIFNAME(7, 16),
        /** User id of the sending socket's owner; no match without a socket. */
        SKUID(10, 4),
        /** IPv4 (2) or IPv6 (10). */
        NFPROTO(15, 1),
        /** TCP (6), UDP (17) and so on. */
        L4PROTO(16, 1);

        private final int number;
        private final int length;

        Meta(int number, int length) {
            this.number = number;
            this.length = length;
        }

        int number() {
            return number;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public String toString() {
            return "meta " + name().toLowerCase(Locale.ROOT);
        }

        static Optional<Meta> of(int number) {
            return Arrays.stream(values()).filter(m -> m.number == number).findAny();
        }
    }

    /** What connection tracking knows of the packet's connection (NFT_CT_*). */
    enum Ct implements NfField {
        /** The connection's mark; host order. */
        MARK(3, 4),
        ZONE(17, 2);

        private final int number;
        private final int length;

        Ct(int number, int length) {
            this.number = number;
            this.length = length;
        }

        int number() {
            return number;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public String toString() {
            return "ct " + name().toLowerCase(Locale.ROOT);
        }

        static Optional<Ct> of(int number) {
            return Arrays.stream(values()).filter(c -> c.number == number).findAny();
        }
    }

    /** What the socket of this host has that the packet belongs to; no match without one (NFT_SOCKET_*). */
    enum Socket implements NfField {
        /** 1 if it has IP_TRANSPARENT. */
        TRANSPARENT(0, 1),
        MARK(1, 4);

        private final int number;
        private final int length;

        Socket(int number, int length) {
            this.number = number;
            this.length = length;
        }

        int number() {
            return number;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public String toString() {
            return "socket " + name().toLowerCase(Locale.ROOT);
        }

        static Optional<Socket> of(int number) {
            return Arrays.stream(values()).filter(s -> s.number == number).findAny();
        }
    }
}
