package io.culvert.proxy.socks5;

/**
 * Why a conversation ends without a connection. The codes are those of RFC 1928 section 6 that the original uses: it
 * answers whatever it does not understand with "command not supported" (ztunnel proxy/socks5.rs:SocksError).
 *
 * @param text for the log, never for the application
 */
record SocksRefusal(Kind kind, String text) {

    /** One for each code, and label of the counter. */
    enum Kind {
        /** The socket ended or broke in the middle of the conversation. */
        GENERAL(1, "General", "io"),
        /** The name has no address. */
        HOST_UNREACHABLE(4, "HostUnreachable", "name"),
        /** Not SOCKS5, or a part of it that is not spoken here. */
        NOT_SUPPORTED(7, "CommandNotSupported", "protocol");

        private final int code;
        private final String name;
        private final String label;

        Kind(int code, String name, String label) {
            this.code = code;
            this.name = name;
            this.label = label;
        }

        int code() {
            return code;
        }

        String label() {
            return label;
        }
    }

    static SocksRefusal protocol(String text) {
        return new SocksRefusal(Kind.NOT_SUPPORTED, text);
    }

    static SocksRefusal io(String text) {
        return new SocksRefusal(Kind.GENERAL, "io error: " + text);
    }

    static SocksRefusal unresolved(String text) {
        return new SocksRefusal(Kind.HOST_UNREACHABLE, text);
    }

    @Override
    public String toString() {
        return kind.name + ": " + text;
    }
}
