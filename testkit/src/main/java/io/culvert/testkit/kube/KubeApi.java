package io.culvert.testkit.kube;

import com.google.gson.JsonObject;
import io.culvert.testkit.listen.Listening;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * A Kubernetes API server that runs. Verbs may be called from any thread but its own event loop; they return when the
 * change is stored and on its way to every watch.
 */
public final class KubeApi implements AutoCloseable {
    /** Of a request; the API server's own limit is 3 MiB. */
    private static final int BODY_BYTES_MAX = 3 * 1024 * 1024;
    /** A watch that lets more than this pile up is cut off, and lists anew: so the API server does, too. */
    private static final int WATCH_BACKLOG_BYTES_MAX = 4 * 1024 * 1024;

    private static final Duration BOOKMARKS_EVERY = Duration.ofSeconds(30);

    private final EventLoopGroup loop;
    private final KubeState state;
    private final Channel listener;

    private KubeApi(EventLoopGroup loop, KubeState state, Channel listener) {
        this.loop = loop;
        this.state = state;
        this.listener = listener;
    }

    /** With the machine's clock, and bookmarks every 30 s. */
    public static KubeApi start(Listening listening) throws IOException {
        return start(listening, Clock.systemUTC(), BOOKMARKS_EVERY);
    }

    /**
     * Listens, without any object yet.
     *
     * @param clock for times of creation
     * @param bookmarksEvery how often watches that asked for bookmarks get one
     */
    public static KubeApi start(Listening listening, Clock clock, Duration bookmarksEvery) throws IOException {
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("testkit-kube", true), EpollIoHandler.newFactory());
        KubeState state = new KubeState(clock);
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loop)
                .channelFactory(listening.channels())
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(
                        ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(WATCH_BACKLOG_BYTES_MAX / 2, WATCH_BACKLOG_BYTES_MAX))
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new HttpServerCodec())
                                .addLast(new HttpObjectAggregator(BODY_BYTES_MAX))
                                .addLast(new KubeHandler(state));
                    }
                });
        var bound = bootstrap.bind(listening.address()).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            stop(loop);
            throw new IOException("cannot listen on " + listening.address(), bound.cause());
        }
        long everyMs = bookmarksEvery.toMillis();
        var _ = loop.next().scheduleAtFixedRate(state::bookmark, everyMs, everyMs, TimeUnit.MILLISECONDS);
        return new KubeApi(loop, state, bound.channel());
    }

    /** Where it listens, with the port that it has. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    public String url() {
        String host = address().getAddress().getHostAddress();
        boolean v6 = address().getAddress() instanceof Inet6Address;
        return "http://" + (v6 ? "[" + host + "]" : host) + ":" + address().getPort();
    }

    /** Writes a kubeconfig for clients that reach it under its own address. */
    public void writeKubeconfig(Path file) throws IOException {
        Files.writeString(file, Kubeconfig.yaml(url()));
    }

    /** Creates the object or replaces it; kind, namespace and name are its own. */
    public void put(JsonObject object) {
        run(() -> state.store().put(KubeObjects.key(object), object));
    }

    public void putAll(Collection<JsonObject> objects) {
        objects.forEach(this::put);
    }

    /** Changes an object that is there; false: it is not. */
    public boolean update(KubeKind kind, String namespace, String name, UnaryOperator<JsonObject> change) {
        ObjectKey key = new ObjectKey(kind, namespace, name);
        return call(() -> {
            Optional<JsonObject> before = Optional.ofNullable(state.store().get(key));
            before.ifPresent(object -> state.store().put(key, change.apply(object.deepCopy())));
            return before.isPresent();
        });
    }

    /** Removes an object; nothing if it is not there. */
    public void remove(KubeKind kind, String namespace, String name) {
        run(() -> state.store().remove(new ObjectKey(kind, namespace, name)));
    }

    public Optional<JsonObject> get(KubeKind kind, String namespace, String name) {
        ObjectKey key = new ObjectKey(kind, namespace, name);
        return call(() -> Optional.ofNullable(state.store().get(key)).map(JsonObject::deepCopy));
    }

    /** All objects of a kind. */
    public List<JsonObject> all(KubeKind kind) {
        return call(() -> state.store().all(kind).stream()
                .map(entry -> entry.getValue().deepCopy())
                .toList());
    }

    /** Completes with the object as soon as it is as wanted: now, or after some later change. */
    public CompletableFuture<JsonObject> when(
            KubeKind kind, String namespace, String name, Predicate<JsonObject> wanted) {
        ObjectKey key = new ObjectKey(kind, namespace, name);
        CompletableFuture<JsonObject> found = new CompletableFuture<>();
        run(() -> state.expect(key, wanted, found));
        return found;
    }

    /** Forgets the past: watches that resume from it are told 410. */
    public void compact() {
        run(() -> state.store().compact());
    }

    /** Ends all watches, as an API server does that restarts; clients come back by themselves. */
    public void closeWatches() {
        run(state::closeWatches);
    }

    public int watches() {
        return call(state::watchCount);
    }

    /** The last requests, oldest first. */
    public List<KubeRequest> requests() {
        return call(state::requests);
    }

    private void run(Runnable work) {
        loop.next().submit(work).syncUninterruptibly();
    }

    private <T> T call(Callable<T> work) {
        return loop.next().submit(work).syncUninterruptibly().getNow();
    }

    private static void stop(EventLoopGroup loop) {
        loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** Closes the port and all connections. Idempotent. */
    @Override
    public void close() {
        stop(loop);
    }
}
