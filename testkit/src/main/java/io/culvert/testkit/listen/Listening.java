package io.culvert.testkit.listen;

import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;

/**
 * An address to listen on, and how to make the socket for it. A socket belongs to the namespace that it was made in for
 * ever, so that only its making happens there; it is bound, accepts and is served by threads outside.
 *
 * @param address port 0: the kernel chooses
 * @param channels makes the listening channel; called by the thread that starts the server
 */
public record Listening(InetSocketAddress address, ChannelFactory<ServerChannel> channels) {
    /** In the namespace that this process runs in. */
    public static Listening at(InetSocketAddress address) {
        return new Listening(address, EpollServerSocketChannel::new);
    }

    /** In the given namespace, which stays the caller's and must be open until the server has started. */
    public static Listening in(Netns namespace, InetSocketAddress address) {
        return new Listening(address, () -> {
            try {
                return namespace.call(EpollServerSocketChannel::new);
            } catch (KernelException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
