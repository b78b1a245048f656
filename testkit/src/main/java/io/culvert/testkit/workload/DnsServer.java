package io.culvert.testkit.workload;

import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsSection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small name server, over UDP and TCP: it knows the IPv4 addresses of some names, and that there are no others. It
 * remembers who asked for what.
 */
public final class DnsServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DnsServer.class);
    private static final int MESSAGE_BYTES_MAX = 65_535;

    private final Map<String, InetAddress> names;
    private final DatagramChannel udp;
    private final TcpService tcp;
    private final List<Asked> asked = new CopyOnWriteArrayList<>();

    /** One question, and the address that it came from. */
    public record Asked(InetAddress from, String name) {}

    private DnsServer(Map<String, InetAddress> names, DatagramChannel udp, PodSockets sockets, InetSocketAddress at)
            throws IOException {
        this.names = Map.copyOf(names);
        this.udp = udp;
        this.tcp = TcpService.start(sockets, at, this::converse);
    }

    /**
     * Serves on {@code at}.
     *
     * @param names with a dot at the end, in lower case
     */
    public static DnsServer start(PodSockets sockets, InetSocketAddress at, Map<String, InetAddress> names)
            throws IOException {
        DatagramChannel udp = sockets.datagramsFor(at.getAddress());
        try {
            udp.bind(at);
            DnsServer server = new DnsServer(names, udp, sockets, at);
            var _ = Thread.ofVirtual().name("name server " + at).start(server::receiveLoop);
            return server;
        } catch (IOException failure) {
            udp.close();
            throw failure;
        }
    }

    /** All questions so far, in their order. */
    public List<Asked> asked() {
        return List.copyOf(asked);
    }

    private void receiveLoop() {
        ByteBuffer buffer = ByteBuffer.allocate(MESSAGE_BYTES_MAX);
        while (udp.isOpen()) {
            try {
                buffer.clear();
                InetSocketAddress from = (InetSocketAddress) udp.receive(buffer);
                byte[] message = Arrays.copyOf(buffer.array(), buffer.position());
                udp.send(ByteBuffer.wrap(answer(message, from.getAddress())), from);
            } catch (ClosedChannelException closed) {
                return;
            } catch (IOException failure) {
                log.warn("name server: {}", failure.getMessage());
            }
        }
    }

    private void converse(SocketChannel client) throws IOException {
        InetAddress from = ((InetSocketAddress) client.getRemoteAddress()).getAddress();
        while (true) {
            DnsClient.sendFramed(client, answer(DnsClient.readFramed(client), from));
        }
    }

    private byte[] answer(byte[] message, InetAddress from) throws IOException {
        DatagramDnsQuery query = DnsCodec.question(message);
        try {
            DnsQuestion question = query.recordAt(DnsSection.QUESTION);
            asked.add(new Asked(from, question.name()));
            return DnsCodec.response(query, names.get(question.name()));
        } finally {
            query.release();
        }
    }

    @Override
    public void close() {
        tcp.close();
        try {
            udp.close();
        } catch (IOException ignored) {
            log.debug("closing a name server: {}", ignored.getMessage());
        }
    }
}
