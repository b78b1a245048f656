package io.culvert.proxy.inbound;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.rbac.Call;
import io.culvert.proxy.rbac.Peer;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.RawBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What an application behind a tunnel of protocol PROXY reads before the caller's first byte (haproxy's PROXY protocol,
 * version 2, section 2.2; ztunnel proxy.rs:write_proxy_protocol): who called, what was asked for, and, if the caller
 * proved one, its identity as TLV 0xD0.
 *
 * <p>Two addresses of different families cannot be written: then the header names none.
 */
final class ProxyHeader {

    private static final byte[] SIGNATURE = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
    private static final byte VERSION_2_PROXY = 0x21;
    private static final byte TCP_OVER_IPV4 = 0x11;
    private static final byte TCP_OVER_IPV6 = 0x21;
    private static final byte STREAM_OF_NO_FAMILY = 0x01;
    /** Of those that are anybody's to define; both ends of Istio's sandwich know it as the caller's identity. */
    private static final byte TYPE_IDENTITY = (byte) 0xd0;

    private static final int FIXED_BYTES = 16;
    private static final int TLV_HEAD_BYTES = 3;
    private static final int PORTS_BYTES = 4;

    private ProxyHeader() {}

    /**
     * The bytes.
     *
     * @param asked the address in the authority, or the service's behind the name in it
     */
    static byte[] of(Call call, IpPort asked) {
        byte[] source = call.source().ip().toBytes();
        byte[] destination = asked.ip().toBytes();
        byte[] identity = switch (call.peer()) {
            case Peer.Identified caller -> caller.identity().toString().getBytes(StandardCharsets.UTF_8);
            case Peer.Anonymous ignored -> new byte[0];
        };
        boolean sameFamily = source.length == destination.length;
        int addressBytes = sameFamily ? source.length + destination.length + PORTS_BYTES : 0;
        int tlvBytes = identity.length == 0 ? 0 : TLV_HEAD_BYTES + identity.length;
        ByteBuffer header = ByteBuffer.allocate(FIXED_BYTES + addressBytes + tlvBytes);
        header.put(SIGNATURE).put(VERSION_2_PROXY);
        if (sameFamily) {
            header.put(call.source().ip().isV4() ? TCP_OVER_IPV4 : TCP_OVER_IPV6)
                    .putShort((short) (addressBytes + tlvBytes))
                    .put(source)
                    .put(destination)
                    .putShort((short) call.source().port())
                    .putShort((short) asked.port());
        } else {
            header.put(STREAM_OF_NO_FAMILY).putShort((short) tlvBytes);
        }
        if (tlvBytes > 0) {
            header.put(TYPE_IDENTITY).putShort((short) identity.length).put(identity);
        }
        return header.array();
    }

    /**
     * Writes it to a socket that was connected just now, whose buffer is empty: it goes out in one piece. An identity
     * is shorter than the certificate that it came in, and that than a chunk.
     *
     * @throws IOException if the socket does not take all of it
     */
    static void write(byte[] header, LoopSocket fresh) throws IOException {
        RawBuffer buffer = fresh.loop().buffers().chunk();
        try {
            buffer.copyFrom(header, 0, 0, header.length);
            int taken = fresh.write(buffer, 0, header.length);
            if (taken < header.length) {
                throw new IOException("the application's socket took " + taken + " bytes of a PROXY header of "
                        + header.length + ": see net.ipv4.tcp_wmem of its namespace");
            }
        } finally {
            buffer.release();
        }
    }
}
