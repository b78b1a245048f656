package io.culvert.testkit.network;

import com.google.protobuf.ByteString;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;

/** One TCP segment that carries data, as seen by a {@link PacketTap}. */
public record TcpSegment(InetSocketAddress source, InetSocketAddress destination, ByteString payload) {
    private static final int TCP = 6;
    private static final int V4_HEADER_BYTES = 20;
    private static final int V6_HEADER_BYTES = 40;
    private static final int TCP_HEADER_BYTES = 20;

    /** Reads an IP packet; empty if it is not TCP, is a fragment, has v6 extension headers, or carries no data. */
    static Optional<TcpSegment> parse(byte[] packet) {
        if (packet.length < V4_HEADER_BYTES) {
            return Optional.empty();
        }
        return switch ((packet[0] >> 4) & 0xf) {
            case 4 -> parseV4(packet);
            case 6 -> parseV6(packet);
            default -> Optional.empty();
        };
    }

    private static Optional<TcpSegment> parseV4(byte[] packet) {
        int header = (packet[0] & 0xf) * 4;
        int end = Math.min(packet.length, number16(packet, 2));
        boolean fragment = (number16(packet, 6) & 0x1fff) != 0;
        if (packet[9] != TCP || fragment || header < V4_HEADER_BYTES) {
            return Optional.empty();
        }
        return parseTcp(packet, header, end, address(packet, 12, 4), address(packet, 16, 4));
    }

    private static Optional<TcpSegment> parseV6(byte[] packet) {
        if (packet.length < V6_HEADER_BYTES || packet[6] != TCP) {
            return Optional.empty();
        }
        int end = Math.min(packet.length, V6_HEADER_BYTES + number16(packet, 4));
        return parseTcp(packet, V6_HEADER_BYTES, end, address(packet, 8, 16), address(packet, 24, 16));
    }

    private static Optional<TcpSegment> parseTcp(
            byte[] packet, int start, int end, InetAddress source, InetAddress destination) {
        if (end < start + TCP_HEADER_BYTES) {
            return Optional.empty();
        }
        int data = start + ((packet[start + 12] >> 4) & 0xf) * 4;
        if (data >= end) {
            return Optional.empty();
        }
        return Optional.of(new TcpSegment(
                new InetSocketAddress(source, number16(packet, start)),
                new InetSocketAddress(destination, number16(packet, start + 2)),
                ByteString.copyFrom(packet, data, end - data)));
    }

    private static int number16(byte[] packet, int at) {
        return ((packet[at] & 0xff) << 8) | (packet[at + 1] & 0xff);
    }

    private static InetAddress address(byte[] packet, int at, int length) {
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(packet, at, at + length));
        } catch (UnknownHostException impossible) {
            throw new IllegalArgumentException("an address of " + length + " bytes", impossible);
        }
    }
}
