package io.culvert.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sockets made in a pod's namespace, served by an event loop that never leaves home. */
@Tag("netns")
class NettyChannelTest {
    private static final int PORT = 15008;

    private PodPair pair;
    private EventLoopGroup loop;

    @BeforeAll
    static void needsNamespaces() {
        TestKernel.requireNamespaces();
    }

    @BeforeEach
    void open() throws IOException {
        loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        pair = PodPair.create();
    }

    @AfterEach
    void close() throws Exception {
        loop.shutdownGracefully(0, 20, TimeUnit.SECONDS).sync();
        pair.close();
    }

    /** Sends back what it gets. */
    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message)
                    .addListener(written -> assertThat(written.isSuccess()).isTrue());
        }
    }

    /** Serves each accepted connection on the same loop. */
    private static final class Acceptor extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            Channel accepted = (Channel) message;
            accepted.pipeline().addLast(new Echo());
            var _ = context.channel().eventLoop().register(accepted);
        }
    }

    private static final class Reader extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<String> read = new CompletableFuture<>();

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            read.complete(bytes.toString(UTF_8));
            bytes.release();
        }
    }

    @Test
    void aListenerAndADialedSocketOfThePodBecomeEpollChannels() throws Exception {
        Fd listening = PodPair.listen(pair.pod(), PORT);
        EpollServerSocketChannel server = new EpollServerSocketChannel(listening.release());
        server.pipeline().addLast(new Acceptor());
        loop.register(server).sync();
        assertThat(server.isActive()).isTrue();

        Fd dialing = pair.pod().call(() -> Sockets.tcp(false));
        Reader reader = new Reader();
        Channel client = new Bootstrap()
                .group(loop)
                .channelFactory(() -> new EpollSocketChannel(dialing.release()))
                .handler(reader)
                .connect(new InetSocketAddress(PodPair.POD_V4, PORT))
                .sync()
                .channel();
        client.writeAndFlush(Unpooled.copiedBuffer("inside", UTF_8)).sync();

        assertThat(reader.read.get(20, TimeUnit.SECONDS)).isEqualTo("inside");
        client.close().sync();
        server.close().sync();
    }

    @Test
    void anAcceptedSocketOfThePodBecomesAnEpollChannel() throws Exception {
        try (Fd listening = PodPair.listen(pair.pod(), PORT);
                Fd client = PodPair.dial(pair.node(), new InetSocketAddress(PodPair.POD_V6, PORT), 0)) {
            Fd accepted = PodPair.accept(listening);
            EpollSocketChannel channel = new EpollSocketChannel(accepted.release());
            channel.pipeline().addLast(new Echo());
            loop.register(channel).sync();
            assertThat(channel.remoteAddress()).isEqualTo(Sockets.localAddress(client));

            assertThat(echoed(new Socket(client.number()), "from the node")).isEqualTo("from the node");
            channel.close().sync();
        }
    }

    /** The raw socket class that event-loop handles are built on, over a descriptor that stays ours. */
    private static String echoed(Socket raw, String text) throws IOException {
        ByteBuffer out = ByteBuffer.allocateDirect(64).put(text.getBytes(UTF_8));
        int sent = TestKernel.await("room to write", () -> {
            int n = raw.write(out, 0, out.position());
            return n > 0 ? n : null;
        });
        assertThat(sent).isEqualTo(out.position());
        ByteBuffer in = ByteBuffer.allocateDirect(64);
        int received = TestKernel.await("the echo", () -> {
            int n = raw.read(in, 0, 64);
            return n > 0 ? n : null;
        });
        byte[] bytes = new byte[received];
        in.get(0, bytes);
        return new String(bytes, UTF_8);
    }
}
