package io.culvert.testkit.workload;

import io.netty.handler.codec.dns.DnsRecordType;
import java.io.EOFException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/** A resolver's half of DNS, without search domains and second attempts: one question, one answer. */
public final class DnsClient {
    private static final int MESSAGE_BYTES_MAX = 65_535;
    private static final AtomicInteger IDS = new AtomicInteger();

    private final PodSockets sockets;
    private final Duration limit;

    public DnsClient(PodSockets sockets, Duration limit) {
        this.sockets = sockets;
        this.limit = limit;
    }

    /**
     * Asks over UDP.
     *
     * @param name with a dot at the end
     * @param type such as "A"
     */
    public DnsAnswer askUdp(InetSocketAddress server, String name, String type) throws IOException {
        try (DatagramChannel channel = sockets.datagramsFor(server.getAddress())) {
            channel.connect(server);
            channel.socket().setSoTimeout(Math.toIntExact(limit.toMillis()));
            channel.write(ByteBuffer.wrap(query(name, type)));
            DatagramPacket packet = new DatagramPacket(new byte[MESSAGE_BYTES_MAX], MESSAGE_BYTES_MAX);
            channel.socket().receive(packet);
            return DnsCodec.answer(Arrays.copyOf(packet.getData(), packet.getLength()));
        }
    }

    /** As {@link #askUdp}, over TCP. */
    public DnsAnswer askTcp(InetSocketAddress server, String name, String type) throws IOException {
        try (SocketChannel channel = sockets.socketFor(server.getAddress())) {
            channel.socket().connect(server, Math.toIntExact(limit.toMillis()));
            sendFramed(channel, query(name, type));
            return DnsCodec.answer(readFramed(channel));
        }
    }

    private static byte[] query(String name, String type) {
        return DnsCodec.query(IDS.incrementAndGet() & 0xffff, name, DnsRecordType.valueOf(type));
    }

    static void sendFramed(SocketChannel channel, byte[] message) throws IOException {
        ByteBuffer framed = ByteBuffer.allocate(2 + message.length);
        framed.putShort((short) message.length).put(message).flip();
        while (framed.hasRemaining()) {
            channel.write(framed);
        }
    }

    static byte[] readFramed(SocketChannel channel) throws IOException {
        int length = Short.toUnsignedInt(ByteBuffer.wrap(readFully(channel, 2)).getShort());
        return readFully(channel, length);
    }

    private static byte[] readFully(SocketChannel channel, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("the stream ended after " + buffer.position() + " of " + bytes + " bytes");
            }
        }
        return buffer.array();
    }
}
