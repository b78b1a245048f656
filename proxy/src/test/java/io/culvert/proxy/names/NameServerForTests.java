package io.culvert.proxy.names;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A name server on the loopback that knows what the test tells it (RFC 1035 section 4). */
final class NameServerForTests implements AutoCloseable {
    private static final int TYPE_A = 1;
    private static final int TYPE_AAAA = 28;
    private static final int NAME_ERROR = 3;
    private static final int HEADER_BYTES = 12;

    /** By name, with its last dot. */
    final Map<String, List<InetAddress>> addresses = new ConcurrentHashMap<>();
    /** Every question: its name, and 1 or 28. */
    final List<String> questions = new CopyOnWriteArrayList<>();

    volatile int ttlSeconds = 60;
    volatile boolean silent;
    private final DatagramSocket socket;

    NameServerForTests() throws IOException {
        socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        var _ = Thread.ofVirtual().start(this::serve);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    private void serve() {
        byte[] buffer = new byte[512];
        while (!socket.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                byte[] answer = answer(buffer, packet.getLength());
                if (!silent) {
                    socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                }
            } catch (IOException closed) {
                return;
            }
        }
    }

    private byte[] answer(byte[] query, int bytes) throws IOException {
        StringBuilder name = new StringBuilder();
        int at = HEADER_BYTES;
        while (query[at] != 0) {
            name.append(new String(query, at + 1, query[at], StandardCharsets.US_ASCII))
                    .append('.');
            at += query[at] + 1;
        }
        int type = query[at + 1] << 8 | query[at + 2];
        int questionEnd = at + 5;
        questions.add(name + " " + type);
        List<InetAddress> known = addresses.get(name.toString());
        List<InetAddress> fitting = known == null
                ? List.of()
                : known.stream()
                        .filter(ip -> ip.getAddress().length == (type == TYPE_A ? 4 : 16))
                        .toList();
        ByteArrayOutputStream bytesOut = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytesOut);
        out.write(query, 0, 2);
        out.writeShort(0x8180 | (known == null ? NAME_ERROR : 0));
        out.writeShort(1);
        out.writeShort(fitting.size());
        out.writeInt(0);
        out.write(query, HEADER_BYTES, Math.min(questionEnd, bytes) - HEADER_BYTES);
        for (InetAddress ip : fitting) {
            out.writeShort(0xc000 | HEADER_BYTES);
            out.writeShort(type == TYPE_A ? TYPE_A : TYPE_AAAA);
            out.writeShort(1);
            out.writeInt(ttlSeconds);
            out.writeShort(ip.getAddress().length);
            out.write(ip.getAddress());
        }
        return bytesOut.toByteArray();
    }

    @Override
    public void close() {
        socket.close();
    }
}
