package io.culvert.agent.kernel;

import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** TCP sockets in namespaces; all are closed together. */
public final class TestSockets implements AutoCloseable {
    private static final InetAddress ANY = InetAddress.ofLiteral("::");

    private final List<Fd> open = new ArrayList<>();

    /** Takes both families on all addresses. */
    public Fd listen(Netns netns, int port) throws IOException {
        Fd fd = own(netns.call(() -> Sockets.tcp(true)));
        SocketOptions.setReuseAddress(fd.number());
        Sockets.bind(fd, new InetSocketAddress(ANY, port));
        Sockets.listen(fd, 16);
        return fd;
    }

    /** Starts to connect. */
    public Fd dial(Netns from, InetSocketAddress to) throws IOException {
        return dial(from, to, 0, null);
    }

    /**
     * Starts to connect with a mark, and in the name of somebody else.
     *
     * @param mark 0 for none
     */
    public Fd dial(Netns from, InetSocketAddress to, int mark, @Nullable InetSocketAddress source) throws IOException {
        boolean v6 = to.getAddress().getAddress().length == 16;
        Fd fd = own(from.call(() -> Sockets.tcp(v6)));
        if (mark != 0) {
            SocketOptions.setMark(fd.number(), mark);
        }
        if (source != null) {
            SocketOptions.setTransparent(fd.number(), v6);
            SocketOptions.setFreebind(fd.number(), v6);
            Sockets.bind(fd, source);
        }
        var _ = Sockets.connect(fd, to);
        return fd;
    }

    /** Waits for the connection that a listener gets next. */
    public Fd accept(Fd listener) {
        return own(Kernel.await("a connection").until(() -> Sockets.accept(listener), fd -> fd != null));
    }

    /** Waits until a dialled connection is established. */
    public void awaitConnected(Fd fd) {
        Kernel.await("established").until(() -> isConnected(fd));
    }

    private static boolean isConnected(Fd fd) throws KernelException {
        try {
            return Sockets.peerAddress(fd).getPort() > 0;
        } catch (KernelException e) {
            int error = SocketOptions.takeError(fd.number());
            if (error != 0) {
                throw new KernelException(error, "connect");
            }
            return false;
        }
    }

    private Fd own(Fd fd) {
        open.add(fd);
        return fd;
    }

    @Override
    public void close() {
        open.forEach(Fd::close);
    }
}
