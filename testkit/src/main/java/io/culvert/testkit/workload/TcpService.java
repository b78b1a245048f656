package io.culvert.testkit.workload;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener in a pod that hands every connection to a handler on a virtual thread of its own. Closing it closes the
 * listener and every open connection, as a killed container does: what is in flight is cut.
 */
public final class TcpService implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TcpService.class);

    private final ServerSocketChannel listener;
    private final InetSocketAddress address;
    private final Handler handler;
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();

    private TcpService(ServerSocketChannel listener, InetSocketAddress address, Handler handler) {
        this.listener = listener;
        this.address = address;
        this.handler = handler;
    }

    /** Serves {@code handler} on {@code address} inside the namespace of {@code sockets}. */
    public static TcpService start(PodSockets sockets, InetSocketAddress address, Handler handler) throws IOException {
        ServerSocketChannel listener = sockets.listenerOn(address);
        TcpService service = new TcpService(listener, (InetSocketAddress) listener.getLocalAddress(), handler);
        var _ = Thread.ofVirtual().name("service " + service.address).start(service::acceptLoop);
        return service;
    }

    /** Where it listens, with the real port. */
    public InetSocketAddress address() {
        return address;
    }

    /** Connections being served now. */
    public int connections() {
        return open.size();
    }

    private void acceptLoop() {
        while (listener.isOpen()) {
            try {
                SocketChannel connection = listener.accept();
                open.add(connection);
                var _ = Thread.ofVirtual().start(() -> serve(connection));
            } catch (ClosedChannelException closed) {
                return;
            } catch (IOException failure) {
                log.warn("accept on {}: {}", address, failure.getMessage());
            }
        }
    }

    private void serve(SocketChannel connection) {
        try (connection) {
            handler.serve(connection);
        } catch (IOException end) {
            log.debug("connection on {} ended: {}", address, end.getMessage());
        } finally {
            open.remove(connection);
        }
    }

    @Override
    public void close() {
        closeQuietly(listener);
        for (SocketChannel connection : open) {
            closeQuietly(connection);
        }
    }

    private static void closeQuietly(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception ignored) {
            log.debug("closing a socket: {}", ignored.getMessage());
        }
    }

    /** Serves one connection; returning or throwing closes it. */
    @FunctionalInterface
    public interface Handler {
        void serve(SocketChannel connection) throws IOException;
    }
}
