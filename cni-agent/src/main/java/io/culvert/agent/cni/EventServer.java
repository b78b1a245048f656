package io.culvert.agent.cni;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves HTTP/1.1 on a Unix stream socket, one request a connection [istio cni/pkg/pluginlistener/listener.go]. While
 * it is closed, plugins fail and pods wait: that is what keeps pods from starting unprotected while the agent is being
 * replaced.
 */
public final class EventServer implements AutoCloseable {
    /** Pods that a node starts at the same time; beyond, a plugin is refused and its runtime tries again. */
    private static final int CONNECTIONS_MAX = 128;
    /** Longer than any plugin waits for its answer. */
    private static final Duration CONNECTION_TIME_MAX = Duration.ofSeconds(60);

    private static final Logger log = LoggerFactory.getLogger(EventServer.class);

    private final Path path;
    private final ServerSocketChannel listener;
    private final EventHandler handler;
    private final TrustedPeers peers;
    private final IntConsumer onAnswer;
    private final Semaphore places = new Semaphore(CONNECTIONS_MAX);
    private final ScheduledExecutorService watchdog = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("cni-watchdog").daemon().factory());

    private EventServer(
            Path path, ServerSocketChannel listener, EventHandler handler, TrustedPeers peers, IntConsumer onAnswer) {
        this.path = path;
        this.listener = listener;
        this.handler = handler;
        this.peers = peers;
        this.onAnswer = onAnswer;
    }

    /**
     * Binds and serves. The directory is made where it is missing; a stale socket file is replaced.
     *
     * @param onAnswer told the status of each answer, for metrics
     */
    public static EventServer start(Path path, PodAdmission admission, IntConsumer onAnswer) throws IOException {
        Path directory = path.toAbsolutePath().getParent();
        if (directory != null && !Files.isDirectory(directory)) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---")));
        }
        Files.deleteIfExists(path);
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(path), CONNECTIONS_MAX);
            // The original leaves it open to everybody (0666); only runtimes need it, and they are root.
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            EventServer server =
                    new EventServer(path, listener, new EventHandler(admission), TrustedPeers.rootAndSelf(), onAnswer);
            Thread.ofPlatform().name("cni-accept").daemon().start(server::accept);
            return server;
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    private void accept() {
        while (true) {
            try {
                SocketChannel peer = listener.accept();
                if (!places.tryAcquire()) {
                    log.warn("a plugin was turned away: {} are being served", CONNECTIONS_MAX);
                    peer.close();
                    continue;
                }
                Thread.ofVirtual().name("cni").start(() -> serve(peer));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                log.error("a plugin could not be accepted: {}", e.toString());
            }
        }
    }

    private void serve(SocketChannel peer) {
        ScheduledFuture<?> limit =
                watchdog.schedule(() -> close(peer), CONNECTION_TIME_MAX.toMillis(), TimeUnit.MILLISECONDS);
        try (peer) {
            String stranger = peers.refusal(peer);
            if (!stranger.isEmpty()) {
                log.warn("user {} may not use {}: only root and the agent's own user may", stranger, path);
                return;
            }
            InputStream in = new BufferedInputStream(Channels.newInputStream(peer));
            OutputStream out = Channels.newOutputStream(peer);
            HttpAnswer answer = answer(in);
            onAnswer.accept(answer.status());
            answer.write(out);
        } catch (IOException e) {
            log.info("a plugin's connection ended early: {}", e.toString());
        } finally {
            limit.cancel(false);
            places.release();
        }
    }

    private HttpAnswer answer(InputStream in) throws IOException {
        try {
            return handler.answer(HttpRequest.read(in));
        } catch (HttpRequest.BadRequestException e) {
            return HttpAnswer.text(e.status(), e.getMessage() + "\n");
        } catch (RuntimeException e) {
            log.error("a plugin's request failed unexpectedly", e);
            return HttpAnswer.text(500, "the agent failed unexpectedly: " + e + "\n");
        }
    }

    private static void close(SocketChannel peer) {
        try {
            peer.close();
        } catch (IOException e) {
            log.debug("closing a plugin's connection: {}", e.toString());
        }
    }

    /** Stops listening and removes the socket: from now on pods wait for the next agent. */
    @Override
    public void close() throws IOException {
        listener.close();
        Files.deleteIfExists(path);
        watchdog.shutdown();
    }
}
