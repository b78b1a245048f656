package io.culvert.linux;

import io.culvert.linux.ffi.Scratch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Waits for SEQPACKET connections on a path in the file system. {@link #accept()} blocks: give it a thread of its own;
 * {@link #close()} from any other thread wakes it.
 */
public final class SeqpacketListener implements AutoCloseable {
    private static final int BACKLOG = 128;
    private static final int SOCK_CLOEXEC = 02000000;

    private final Fd fd;
    private final Path path;
    private final Object fileKey;

    private SeqpacketListener(Fd fd, Path path, Object fileKey) {
        this.fd = fd;
        this.path = path;
        this.fileKey = fileKey;
    }

    /**
     * Binds and listens. A socket file left at the path is replaced, whoever made it.
     *
     * @throws FileAlreadyExistsException if something else than a socket is there: it is left alone
     */
    public static SeqpacketListener listen(Path path) throws IOException {
        removeStaleSocket(path);
        Fd fd = SeqpacketSocket.create("listen on " + path);
        try {
            MemorySegment address = Scratch.current().buffer().asSlice(0, UnixAddress.BYTES_MAX);
            int bound = SocketCalls.bind(fd.number(), address, UnixAddress.write(address, path));
            if (bound < 0) {
                throw new KernelException(-bound, "bind to " + path);
            }
            int listening = SocketCalls.listen(fd.number(), BACKLOG);
            if (listening < 0) {
                throw new KernelException(-listening, "listen on " + path);
            }
            return new SeqpacketListener(fd, path, fileKey(path));
        } catch (IOException e) {
            fd.close();
            throw e;
        }
    }

    private static void removeStaleSocket(Path path) throws IOException {
        try {
            int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            boolean socket = (mode & 0170000) == 0140000;
            if (!socket) {
                throw new FileAlreadyExistsException(
                        path.toString(), null, "it is not a socket, so it is not replaced");
            }
            Files.deleteIfExists(path);
        } catch (NoSuchFileException e) {
            return; // nothing to replace
        }
    }

    /**
     * Waits for the next connection.
     *
     * @throws ClosedChannelException once this listener is closed
     */
    public SeqpacketSocket accept() throws IOException {
        int accepted;
        try {
            accepted = SocketCalls.accept(fd.enter("accept"), SOCK_CLOEXEC);
            fd.exit();
        } catch (KernelException e) {
            throw new ClosedChannelException(); // the only failure of enter
        }
        if (accepted >= 0) {
            return new SeqpacketSocket(Fd.adopt(accepted), System::nanoTime);
        }
        if (!fd.isOpen() || accepted == -Errno.EINVAL) {
            throw new ClosedChannelException(); // EINVAL: shut down by close(), which is about to close it
        }
        throw new KernelException(-accepted, "accept on " + path);
    }

    public Path path() {
        return path;
    }

    /** Stops listening, and removes the socket file unless a successor has put its own there. */
    @Override
    public void close() {
        if (!fd.isOpen()) {
            return;
        }
        SeqpacketSocket.shutdown(fd);
        try {
            if (fileKey(path).equals(fileKey)) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            // Gone or unreachable: a stale file hurts nobody, the next listener replaces it.
        }
        fd.close();
    }

    private static Object fileKey(Path path) throws IOException {
        return Objects.requireNonNull(Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS));
    }
}
