package io.culvert.proxy.dns;

import io.culvert.linux.Netns;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A resolver on port 53, over UDP and TCP, that says whatever it is told to say. */
final class ResolverForTests implements AutoCloseable {

    private final DatagramChannel udp;
    private final ServerSocketChannel tcp;
    private final Behaviour behaviour;
    final List<InetSocketAddress> askers = new CopyOnWriteArrayList<>();
    final Map<String, Integer> asked = new ConcurrentHashMap<>();

    /** What it sends for one query; nothing, or more than one. */
    interface Behaviour {
        List<byte[]> answers(byte[] query, boolean overTcp);
    }

    ResolverForTests(Netns where, InetAddress address, Behaviour behaviour) throws IOException {
        this.behaviour = behaviour;
        udp = where.<DatagramChannel, IOException>call(() -> DatagramChannel.open(StandardProtocolFamily.INET));
        tcp = where.<ServerSocketChannel, IOException>call(() -> ServerSocketChannel.open(StandardProtocolFamily.INET));
        udp.bind(new InetSocketAddress(address, 53));
        tcp.bind(new InetSocketAddress(address, 53));
        Thread.ofPlatform().daemon().name("resolver-udp").start(this::serveUdp);
        Thread.ofPlatform().daemon().name("resolver-tcp").start(this::serveTcp);
    }

    private void serveUdp() {
        ByteBuffer buffer = ByteBuffer.allocate(65_536);
        try {
            while (true) {
                buffer.clear();
                InetSocketAddress from = (InetSocketAddress) udp.receive(buffer);
                askers.add(from);
                byte[] query = Arrays.copyOf(buffer.array(), buffer.position());
                asked.merge("udp", 1, Integer::sum);
                for (byte[] answer : behaviour.answers(query, false)) {
                    udp.send(ByteBuffer.wrap(answer), from);
                }
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    private void serveTcp() {
        try {
            while (true) {
                SocketChannel client = tcp.accept();
                Thread.ofVirtual().start(() -> converse(client));
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    private void converse(SocketChannel client) {
        try (client) {
            while (true) {
                byte[] query = Cable.readFramed(client);
                asked.merge("tcp", 1, Integer::sum);
                for (byte[] answer : behaviour.answers(query, true)) {
                    Cable.sendFramed(client, answer);
                }
            }
        } catch (IOException closed) {
            // The client has what it wanted, or the test is over.
        }
    }

    /**
     * An answer to {@code query} with these flags and that many addresses from 1.1.1.1 on, and an additional record.
     */
    static byte[] answer(byte[] query, int flags, int addresses) {
        DnsQuery asked = ((Incoming.Question) Incoming.read(query)).query();
        ByteBuffer out = ByteBuffer.allocate(asked.questionEnd() + (addresses + 1) * 16);
        out.putShort((short) asked.id()).putShort((short) flags).putShort((short) 1);
        out.putShort((short) addresses).putShort((short) 0).putShort((short) (addresses == 0 ? 0 : 1));
        out.put(query, 12, asked.questionEnd() - 12);
        for (int i = 0; i <= addresses; i++) {
            out.putShort((short) 0xc00c)
                    .putShort((short) 1)
                    .putShort((short) 1)
                    .putInt(60)
                    .putShort((short) 4);
            out.putInt(0x01010101 + i);
        }
        return Arrays.copyOf(out.array(), addresses == 0 ? asked.questionEnd() : out.capacity());
    }

    @Override
    public void close() throws IOException {
        udp.close();
        tcp.close();
    }
}
