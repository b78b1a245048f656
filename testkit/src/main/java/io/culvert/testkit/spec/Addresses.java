package io.culvert.testkit.spec;

import com.google.protobuf.ByteString;
import java.net.InetAddress;

/** Address literals, without ever asking a name server. */
final class Addresses {
    private Addresses() {}

    static InetAddress parse(String subject, String key, String literal) {
        // The JDK takes 10.1 and 167772161 for IPv4 addresses, as BSD did.
        boolean v4InFull = literal.chars().filter(c -> c == '.').count() == 3;
        try {
            if (!v4InFull && literal.indexOf(':') < 0) {
                throw new IllegalArgumentException("short form");
            }
            return InetAddress.ofLiteral(literal);
        } catch (IllegalArgumentException e) {
            throw new SpecException(
                    subject, key + " '" + literal + "' is no IP address; write 10.0.0.1 or fd00::1, without a length");
        }
    }

    /** @param value {@code address} or {@code address/length}; without a length it is one host */
    static Subnet parseCidr(String subject, String key, String value) {
        int slash = value.indexOf('/');
        InetAddress base = parse(subject, key, slash < 0 ? value : value.substring(0, slash));
        int bits = base.getAddress().length * Byte.SIZE;
        int length = bits;
        if (slash >= 0) {
            try {
                length = Integer.parseInt(value.substring(slash + 1));
            } catch (NumberFormatException e) {
                length = -1;
            }
        }
        if (length < 0 || length > bits) {
            throw new SpecException(subject, key + " '" + value + "' has no valid length; use /0 to /" + bits);
        }
        return new Subnet(base, length);
    }

    static ByteString bytes(InetAddress address) {
        return ByteString.copyFrom(address.getAddress());
    }
}
