package io.culvert.perf.load;

import io.culvert.linux.Netns;
import io.culvert.testkit.workload.PodSockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Opens connections: from where the process is, or from several pods in turn. */
final class Sockets implements AutoCloseable {
    private static final int CONNECT_LIMIT_MS = 15_000;

    private final List<Netns> namespaces;
    private final List<PodSockets> pods;
    private final AtomicInteger next = new AtomicInteger();

    private Sockets(List<Netns> namespaces) {
        this.namespaces = namespaces;
        this.pods = namespaces.stream().map(PodSockets::new).toList();
    }

    static Sockets here() {
        return new Sockets(List.of());
    }

    /** From the namespaces under these paths, in turn. */
    static Sockets inPods(List<String> paths) throws IOException {
        List<Netns> namespaces = new ArrayList<>();
        for (String path : paths) {
            namespaces.add(Netns.open(Path.of(path)));
        }
        return new Sockets(namespaces);
    }

    /** A connection in blocking mode, without Nagle's delay. */
    SocketChannel connect(InetSocketAddress to) throws IOException {
        SocketChannel channel = open(to);
        try {
            channel.socket().connect(to, CONNECT_LIMIT_MS);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            return channel;
        } catch (IOException failure) {
            channel.close();
            throw failure;
        }
    }

    private SocketChannel open(InetSocketAddress to) throws IOException {
        return pods.isEmpty()
                ? SocketChannel.open()
                : pods.get(Math.floorMod(next.getAndIncrement(), pods.size())).socketFor(to.getAddress());
    }

    /** Lets go of the namespaces; connections stay. */
    @Override
    public void close() {
        namespaces.forEach(Netns::close);
    }
}
