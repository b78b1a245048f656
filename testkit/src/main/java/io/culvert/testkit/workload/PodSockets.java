package io.culvert.testkit.workload;

import io.culvert.linux.Netns;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Makes sockets in one network namespace. A socket belongs to the namespace it was made in, for good: binding,
 * connecting and all else may then happen on any thread. The namespace handle stays the caller's.
 */
public final class PodSockets {
    private static final int BACKLOG = 1024;

    /** Where virtual threads have their sockets made. */
    private static final ExecutorService MAKERS = Executors.newCachedThreadPool(
            Thread.ofPlatform().name("testkit-sockets-", 0).daemon().factory());

    static {
        // What the JDK loads and starts on the first socket must not happen inside a namespace.
        try (SocketChannel first = SocketChannel.open(StandardProtocolFamily.INET);
                ServerSocketChannel second = ServerSocketChannel.open(StandardProtocolFamily.INET6);
                DatagramChannel third = DatagramChannel.open(StandardProtocolFamily.INET)) {
            first.socket();
            second.socket();
            third.socket();
        } catch (IOException | UnsupportedOperationException ignored) {
            // Each call will tell for itself.
        }
    }

    private final Netns netns;

    public PodSockets(Netns netns) {
        this.netns = netns;
    }

    /** An unconnected TCP socket of the family of {@code destination}. */
    public SocketChannel socketFor(InetAddress destination) throws IOException {
        ProtocolFamily family =
                destination instanceof Inet6Address ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
        return inNamespace(() -> SocketChannel.open(family));
    }

    /** A listening TCP socket; with a v6 wildcard address it takes v4, too. Port 0: the kernel chooses. */
    public ServerSocketChannel listenerOn(InetSocketAddress address) throws IOException {
        ProtocolFamily family = address.getAddress() instanceof Inet6Address
                ? StandardProtocolFamily.INET6
                : StandardProtocolFamily.INET;
        ServerSocketChannel listener = inNamespace(() -> ServerSocketChannel.open(family));
        try {
            listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            listener.bind(address, BACKLOG);
            return listener;
        } catch (IOException failure) {
            listener.close();
            throw new IOException("cannot listen on " + address + ": " + failure.getMessage(), failure);
        }
    }

    /** A UDP socket, unbound and unconnected, of the family of {@code address}. */
    public DatagramChannel datagramsFor(InetAddress address) throws IOException {
        ProtocolFamily family =
                address instanceof Inet6Address ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
        return inNamespace(() -> DatagramChannel.open(family));
    }

    private <T> T inNamespace(Making<T> making) throws IOException {
        if (!Thread.currentThread().isVirtual()) {
            return netns.<T, IOException>call(making::make);
        }
        Callable<T> onPlatformThread = () -> netns.<T, IOException>call(making::make);
        try {
            return MAKERS.submit(onPlatformThread).get();
        } catch (ExecutionException failure) {
            throw new IOException(
                    "cannot make a socket in the pod's namespace: " + failure.getCause(), failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while making a socket", interrupted);
        }
    }

    @FunctionalInterface
    private interface Making<T> {
        T make() throws IOException;
    }
}
