package io.culvert.proxy.dns;

import io.culvert.linux.Netns;
import io.culvert.linux.netlink.RouteNetlink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A pod and a resolver's host, joined by a cable, and plain sockets in both. */
final class Cable implements AutoCloseable {

    static final InetAddress POD = InetAddress.ofLiteral("10.77.0.2");
    static final InetAddress RESOLVER = InetAddress.ofLiteral("10.77.0.1");
    static final InetAddress SECOND_RESOLVER = InetAddress.ofLiteral("10.77.0.3");
    private static final InetAddress LOCALHOST = InetAddress.ofLiteral("127.0.0.1");
    private static final int WAIT_S = 30;

    final Netns pod;
    final Netns host;

    Cable() throws IOException {
        // What the JDK loads for the first socket must not be loaded inside a namespace.
        DatagramChannel.open(StandardProtocolFamily.INET).close();
        SocketChannel.open(StandardProtocolFamily.INET).close();
        ServerSocketChannel.open(StandardProtocolFamily.INET).close();
        pod = Netns.create();
        host = Netns.create();
        try (RouteNetlink inHost = RouteNetlink.open(host);
                RouteNetlink inPod = RouteNetlink.open(pod)) {
            inHost.setUp("lo");
            inPod.setUp("lo");
            inHost.createVeth("veth0", "eth0", pod);
            inHost.setUp("veth0");
            inPod.setUp("eth0");
            inHost.addAddress("veth0", RESOLVER, 24);
            inHost.addAddress("veth0", SECOND_RESOLVER, 24);
            inPod.addAddress("eth0", POD, 24);
        }
    }

    static InetSocketAddress server(int port) {
        return new InetSocketAddress(LOCALHOST, port);
    }

    /** A UDP client in the pod, connected to the DNS proxy on that port. */
    DatagramChannel udp(int port) throws IOException {
        DatagramChannel channel =
                pod.<DatagramChannel, IOException>call(() -> DatagramChannel.open(StandardProtocolFamily.INET));
        channel.connect(server(port));
        return channel;
    }

    /** A TCP client in the pod, connected to the DNS proxy on that port. */
    SocketChannel tcp(int port) throws IOException {
        SocketChannel channel =
                pod.<SocketChannel, IOException>call(() -> SocketChannel.open(StandardProtocolFamily.INET));
        channel.connect(server(port));
        return channel;
    }

    static void send(DatagramChannel channel, byte[] message) throws IOException {
        channel.write(ByteBuffer.wrap(message));
    }

    /** The next datagram; null if none comes within that time. */
    static byte @Nullable [] receive(DatagramChannel channel, long limitMs) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(65_536);
        channel.configureBlocking(false);
        try (var selector = channel.provider().openSelector()) {
            channel.register(selector, SelectionKey.OP_READ);
            if (selector.select(limitMs) == 0 || channel.read(buffer) <= 0) {
                return null;
            }
        }
        byte[] message = new byte[buffer.position()];
        buffer.get(0, message);
        return message;
    }

    /** The next datagram, which must come. */
    static byte[] await(DatagramChannel channel) throws IOException {
        byte[] answer = receive(channel, TimeUnit.SECONDS.toMillis(WAIT_S));
        if (answer == null) {
            throw new AssertionError("no answer over UDP within " + WAIT_S + " s");
        }
        return answer;
    }

    /** The answer to one query over UDP. */
    byte[] askUdp(int port, byte[] query) throws IOException {
        try (DatagramChannel channel = udp(port)) {
            send(channel, query);
            return await(channel);
        }
    }

    /** The answer to one query over TCP. */
    byte[] askTcp(int port, byte[] query) throws IOException {
        try (SocketChannel channel = tcp(port)) {
            sendFramed(channel, query);
            return readFramed(channel);
        }
    }

    static void sendFramed(SocketChannel channel, byte[] message) throws IOException {
        ByteBuffer framed = ByteBuffer.allocate(2 + message.length);
        framed.putShort((short) message.length).put(message).flip();
        while (framed.hasRemaining()) {
            channel.write(framed);
        }
    }

    static byte[] readFramed(SocketChannel channel) throws IOException {
        byte[] length = readFully(channel, 2);
        return readFully(channel, ((length[0] & 0xff) << 8) | (length[1] & 0xff));
    }

    private static byte[] readFully(SocketChannel channel, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new IOException("the end of the stream");
            }
        }
        return buffer.array();
    }

    @Override
    public void close() {
        pod.close();
        host.close();
    }
}
