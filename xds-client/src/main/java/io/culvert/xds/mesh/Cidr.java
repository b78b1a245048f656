package io.culvert.xds.mesh;

import java.util.Optional;

/**
 * A range of addresses. Host bits may be set and are kept for display; they do not take part in matching.
 *
 * @param prefixLength 0 to 32 or 128, as the family of the address has it
 */
public record Cidr(IpAddress address, int prefixLength) {
    public Cidr {
        if (prefixLength < 0 || prefixLength > address.bits()) {
            throw new IllegalArgumentException("invalid cidr: " + address + "/" + prefixLength);
        }
    }

    /** "10.0.0.0/8"; empty for anything else. */
    public static Optional<Cidr> parse(String text) {
        int slash = text.lastIndexOf('/');
        if (slash < 0) {
            return Optional.empty();
        }
        String length = text.substring(slash + 1);
        if (!length.matches("[0-9]{1,3}")) {
            return Optional.empty();
        }
        int bits = Integer.parseInt(length);
        return IpAddress.tryParse(text.substring(0, slash))
                .filter(address -> bits <= address.bits())
                .map(address -> new Cidr(address, bits));
    }

    /** Families never cross-match. */
    public boolean contains(IpAddress candidate) {
        return address.sharesPrefix(candidate, prefixLength);
    }

    @Override
    public String toString() {
        return address + "/" + prefixLength;
    }
}
