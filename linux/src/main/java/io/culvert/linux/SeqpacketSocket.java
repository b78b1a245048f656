package io.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.culvert.linux.ffi.Scratch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One end of a SEQPACKET Unix connection: records keep their bounds, and carry descriptors (SCM_RIGHTS).
 *
 * <p>Calls block, so they belong on a thread of their own. One thread may send while another receives; a third may
 * {@link #shutdown()} or close, which wakes both. Descriptors received belong to the record's taker.
 */
public final class SeqpacketSocket implements AutoCloseable {
    /** Largest record that can be asked for; the kernel's default send buffer would not hold more. */
    public static final int RECORD_BYTES_MAX = 1 << 20;
    /** SCM_MAX_FD: what the kernel lets one record carry. */
    public static final int FDS_MAX = 253;

    static final int SOCK_SEQPACKET_CLOEXEC = 5 | 02000000;

    private static final int FDS_DEFAULT = 16;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SHUT_RDWR = 2;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;

    private final Fd fd;
    private final LongSupplier nanoTicker;

    SeqpacketSocket(Fd fd, LongSupplier nanoTicker) {
        this.fd = fd;
        this.nanoTicker = nanoTicker;
    }

    /**
     * Connects to a listener's path.
     *
     * @throws KernelException ENOENT without a socket file there, ECONNREFUSED if nobody listens on it
     */
    public static SeqpacketSocket connect(Path path) throws KernelException {
        Fd fd = create("connect to " + path);
        try {
            MemorySegment address = Scratch.current().buffer().asSlice(0, UnixAddress.BYTES_MAX);
            int done = SocketCalls.connect(fd.number(), address, UnixAddress.write(address, path));
            if (done < 0) {
                throw new KernelException(-done, "connect to " + path);
            }
            return new SeqpacketSocket(fd, System::nanoTime);
        } catch (KernelException e) {
            fd.close();
            throw e;
        }
    }

    /** Two ends joined to each other. */
    public static List<SeqpacketSocket> pair() throws KernelException {
        MemorySegment two = Scratch.current().buffer().asSlice(0, 8);
        int done = SocketCalls.socketpair(SocketAddresses.AF_UNIX, SOCK_SEQPACKET_CLOEXEC, two);
        if (done < 0) {
            throw new KernelException(-done, "create a pair of SEQPACKET sockets");
        }
        return List.of(
                new SeqpacketSocket(Fd.adopt(two.get(JAVA_INT, 0)), System::nanoTime),
                new SeqpacketSocket(Fd.adopt(two.get(JAVA_INT, 4)), System::nanoTime));
    }

    /**
     * Sends one record whole; blocks while the peer's queue is full. The descriptors stay the caller's.
     *
     * @throws KernelException EPIPE after the peer left, EMSGSIZE if larger than the send buffer
     */
    public void send(byte[] record, Fd... fds) throws KernelException {
        if (record.length == 0) {
            throw new IllegalArgumentException("an empty record looks like the end of the connection");
        }
        if (fds.length > FDS_MAX) {
            throw new IllegalArgumentException(fds.length + " descriptors; a record carries " + FDS_MAX);
        }
        int[] numbers = new int[fds.length];
        int entered = 0;
        int self = fd.enter("send a record");
        try (Arena memory = Arena.ofConfined()) {
            for (; entered < fds.length; entered++) {
                numbers[entered] = fds[entered].enter("send a descriptor");
            }
            RecordLayout layout = RecordLayout.toSend(memory, record, numbers);
            long sent = SocketCalls.sendmsg(self, layout.header(), MSG_NOSIGNAL);
            if (sent < 0) {
                throw new KernelException(
                        (int) -sent, "send a record of " + record.length + " bytes and " + fds.length + " descriptors");
            }
        } finally {
            for (int i = 0; i < entered; i++) {
                fds[i].exit();
            }
            fd.exit();
        }
    }

    /** As {@link #receive(int, int, Duration)} with at most 16 descriptors. */
    public Record receive(int maxBytes, @Nullable Duration timeout) throws IOException {
        return receive(maxBytes, FDS_DEFAULT, timeout);
    }

    /**
     * Waits for one record.
     *
     * @param timeout null to wait for ever
     * @return a record; empty once the peer has closed, or this end was shut down
     * @throws RecordTruncatedException if it has more bytes or descriptors than allowed here
     * @throws SocketTimeoutException after the time
     */
    public Record receive(int maxBytes, int maxFds, @Nullable Duration timeout) throws IOException {
        if (maxBytes < 1 || maxBytes > RECORD_BYTES_MAX || maxFds < 0 || maxFds > FDS_MAX) {
            throw new IllegalArgumentException("cannot receive " + maxBytes + " bytes and " + maxFds + " descriptors");
        }
        int self = fd.enter("receive a record");
        try (Arena memory = Arena.ofConfined()) {
            if (timeout != null) {
                awaitReadable(self, timeout);
            }
            RecordLayout layout = RecordLayout.toReceive(memory, maxBytes, maxFds);
            long received = SocketCalls.recvmsg(self, layout.header(), MSG_CMSG_CLOEXEC);
            if (received < 0) {
                throw new KernelException((int) -received, "receive a record");
            }
            List<Fd> fds = layout.takeFds();
            RecordTruncatedException cut = truncation(layout.flags(), maxBytes, maxFds);
            if (cut != null) {
                fds.forEach(Fd::close);
                throw cut;
            }
            return new Record(layout.bytes(received), List.copyOf(fds));
        } finally {
            fd.exit();
        }
    }

    private void awaitReadable(int self, Duration timeout) throws IOException {
        long limitNs = timeout.toNanos();
        long startNs = nanoTicker.getAsLong();
        while (true) {
            long leftNs = Math.max(0, limitNs - (nanoTicker.getAsLong() - startNs));
            // Rounded up, so that the wait is never cut short to a spin.
            int leftMs = (int) Math.min(Integer.MAX_VALUE, (leftNs + 999_999) / 1_000_000);
            int ready = SocketCalls.pollReadable(self, leftMs);
            if (ready > 0) {
                return;
            }
            if (ready == 0) {
                throw new SocketTimeoutException("no record within " + timeout.toMillis() + " ms");
            }
            if (ready != -Errno.EINTR) {
                throw new KernelException(-ready, "wait for a record");
            }
        }
    }

    private static @Nullable RecordTruncatedException truncation(int flags, int maxBytes, int maxFds) {
        if ((flags & RecordLayout.MSG_CTRUNC) != 0) {
            return new RecordTruncatedException(
                    true,
                    "a record came with more than " + maxFds
                            + " descriptors, or this process has no room for them (see its limit of open files)");
        }
        if ((flags & RecordLayout.MSG_TRUNC) != 0) {
            return new RecordTruncatedException(false, "a record came with more than " + maxBytes + " bytes");
        }
        return null;
    }

    /** The process at the other end when it connected (or listened). */
    public PeerCredentials peerCredentials() throws KernelException {
        MemorySegment buffer = Scratch.current().buffer();
        MemorySegment length = buffer.asSlice(64, 4);
        length.set(JAVA_INT, 0, 12);
        int done = SocketCalls.getsockopt(fd.enter("read peer credentials"), SOL_SOCKET, SO_PEERCRED, buffer, length);
        fd.exit();
        if (done < 0) {
            throw new KernelException(-done, "getsockopt SO_PEERCRED");
        }
        return new PeerCredentials(buffer.get(JAVA_INT, 0), buffer.get(JAVA_INT, 4), buffer.get(JAVA_INT, 8));
    }

    /** Ends both directions: a blocked receive returns the end, a blocked send fails, the peer sees the end. */
    public void shutdown() {
        shutdown(fd);
    }

    /** As {@link #shutdown()}, then gives the descriptor back once no call uses it any more. */
    @Override
    public void close() {
        shutdown(fd);
        fd.close();
    }

    /** Whether a call is under way, perhaps blocked. */
    boolean inUse() {
        return fd.inUse();
    }

    static void shutdown(Fd fd) {
        try {
            // Fails only if the peer is gone already, and then there is nobody to tell.
            var _ = SocketCalls.shutdown(fd.enter("shutdown"), SHUT_RDWR);
            fd.exit();
        } catch (KernelException e) {
            // Closed before: shut down as well.
            return;
        }
    }

    static Fd create(String attempt) throws KernelException {
        int fd = SocketCalls.socket(SocketAddresses.AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0);
        if (fd < 0) {
            throw new KernelException(-fd, attempt);
        }
        return Fd.adopt(fd);
    }

    /**
     * One record.
     *
     * @param bytes empty at the end of the connection
     * @param fds owned by whoever takes the record
     */
    @SuppressWarnings({"JavaLangClash", "ArrayRecordComponent"})
    public record Record(byte[] bytes, List<Fd> fds) {
        /** Whether the connection has ended. */
        public boolean isEnd() {
            return bytes.length == 0;
        }

        /** For a taker that wants none of the descriptors. */
        public void closeFds() {
            fds.forEach(Fd::close);
        }
    }
}
