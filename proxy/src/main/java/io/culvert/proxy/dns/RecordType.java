package io.culvert.proxy.dns;

import java.util.Locale;
import java.util.Map;

/**
 * A type of records by its number (IANA "DNS parameters", resource record types).
 *
 * @param number 0 to 65535
 */
record RecordType(int number) {

    static final RecordType A = new RecordType(1);
    static final RecordType CNAME = new RecordType(5);
    static final RecordType AAAA = new RecordType(28);
    static final RecordType OPT = new RecordType(41);

    /** Those that clients ask for. What anybody can invent is no label of a metric: all others share one name. */
    private static final Map<Integer, String> NAMES = Map.ofEntries(
            Map.entry(1, "A"),
            Map.entry(2, "NS"),
            Map.entry(5, "CNAME"),
            Map.entry(6, "SOA"),
            Map.entry(10, "NULL"),
            Map.entry(12, "PTR"),
            Map.entry(13, "HINFO"),
            Map.entry(15, "MX"),
            Map.entry(16, "TXT"),
            Map.entry(25, "KEY"),
            Map.entry(28, "AAAA"),
            Map.entry(33, "SRV"),
            Map.entry(35, "NAPTR"),
            Map.entry(37, "CERT"),
            Map.entry(43, "DS"),
            Map.entry(44, "SSHFP"),
            Map.entry(46, "RRSIG"),
            Map.entry(47, "NSEC"),
            Map.entry(48, "DNSKEY"),
            Map.entry(50, "NSEC3"),
            Map.entry(52, "TLSA"),
            Map.entry(64, "SVCB"),
            Map.entry(65, "HTTPS"),
            Map.entry(251, "IXFR"),
            Map.entry(252, "AXFR"),
            Map.entry(255, "ANY"),
            Map.entry(257, "CAA"));

    /** Whether the mesh can answer it. */
    boolean isAddress() {
        return number == A.number || number == AAAA.number;
    }

    /** For metrics: in lower case, "unknown" for all that nobody asks for. */
    String label() {
        return NAMES.getOrDefault(number, "unknown").toLowerCase(Locale.ROOT);
    }

    /** For logs, as the original has it. */
    @Override
    public String toString() {
        return NAMES.getOrDefault(number, "Unknown");
    }
}
