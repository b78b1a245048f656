package io.culvert.proxy.dns;

/** What a query says of its sender's abilities (RFC 6891 section 6.1), as far as an answer needs it. */
sealed interface Edns {

    /** What a sender that says nothing can take over UDP (RFC 1035 section 4.2.1). */
    int PLAIN_BYTES = 512;

    /** The largest answer that its sender takes over UDP. */
    int udpBytesMax();

    /** The query has no OPT record, and neither may the answer. */
    record Absent() implements Edns {
        @Override
        public int udpBytesMax() {
            return PLAIN_BYTES;
        }
    }

    /**
     * The query has one; the answer repeats it.
     *
     * @param udpBytesMax at least 512: RFC 6891 section 6.2.3 has lower values mean that
     * @param dnssecOk the DO bit
     */
    record Present(int udpBytesMax, int version, boolean dnssecOk) implements Edns {
        public Present {
            udpBytesMax = Math.max(udpBytesMax, PLAIN_BYTES);
        }
    }
}
