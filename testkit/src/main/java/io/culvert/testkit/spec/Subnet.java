package io.culvert.testkit.spec;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** An address range: the base address (host bits may be set, as on an interface) and the length of its prefix. */
public record Subnet(InetAddress base, int prefixLength) {
    /** The base address plus {@code host}: the host's address if the base has no host bits. */
    public InetAddress at(int host) {
        byte[] bytes = base.getAddress();
        byte[] sum = new BigInteger(1, bytes).add(BigInteger.valueOf(host)).toByteArray();
        byte[] padded = new byte[bytes.length];
        int length = Math.min(sum.length, padded.length);
        System.arraycopy(sum, sum.length - length, padded, padded.length - length, length);
        try {
            return InetAddress.getByAddress(padded);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + padded.length + " bytes", e);
        }
    }

    public boolean isV4() {
        return base.getAddress().length == 4;
    }

    @Override
    public String toString() {
        return base.getHostAddress() + "/" + prefixLength;
    }
}
