package io.culvert.linux.netlink;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.linux.Errno;
import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.linux.ffi.Scratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * A netlink socket that asks one question at a time. Sequence numbers tie answers to questions, so what a failed call
 * left behind is skipped. Threads may share it.
 */
public final class NetlinkSocket implements AutoCloseable {
    public static final int ROUTE = 0;
    public static final int SOCK_DIAG = 4;
    public static final int NETFILTER = 12;

    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW_CLOEXEC = 3 | 02000000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SOL_NETLINK = 270;
    private static final int NETLINK_CAP_ACK = 10;
    private static final int NETLINK_EXT_ACK = 11;
    private static final int MSG_TRUNC = 0x20;
    private static final int MSG_DONTWAIT = 0x40;

    /** The kernel fills at most 32 KiB per answer of a dump (netlink_dump). */
    private static final int RECEIVE_BYTES = 64 << 10;
    /** A whole rule set goes in one send, and all its acknowledgements may wait at once. */
    private static final int SOCKET_BUFFER_BYTES = 4 << 20;
    /** Answers are there when send returns; this only bounds the wait if the kernel breaks that. */
    private static final int RECEIVE_TIMEOUT_S = 10;
    /** A table that changes during every one of so many dumps is reported, not chased for ever. */
    private static final int DUMP_ATTEMPTS_MAX = 10;

    private final Fd fd;
    private int sequence;

    private NetlinkSocket(Fd fd) {
        this.fd = fd;
    }

    /** Opens a socket for one of the protocols above, in the calling thread's network namespace. */
    public static NetlinkSocket open(int protocol) throws KernelException {
        int fd = NetlinkCalls.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);
        if (fd < 0) {
            throw new KernelException(-fd, "open a netlink socket");
        }
        set(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
        set(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
        // The plain options stop at net.core.wmem_max; the others need CAP_NET_ADMIN outside user namespaces.
        set(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
        set(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
        set(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER_BYTES);
        set(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER_BYTES);
        MemorySegment wait = Scratch.current().buffer();
        wait.set(JAVA_LONG, 0, RECEIVE_TIMEOUT_S);
        wait.set(JAVA_LONG, 8, 0);
        var _ = NetlinkCalls.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, wait, 16);
        return new NetlinkSocket(Fd.adopt(fd));
    }

    /** Best effort: each of these only makes errors more readable or large requests possible. */
    private static void set(int fd, int level, int option, int value) {
        MemorySegment buffer = Scratch.current().buffer();
        buffer.set(JAVA_INT, 0, value);
        var _ = NetlinkCalls.setsockopt(fd, level, option, buffer, 4);
    }

    /**
     * Sends one request, which must ask for an acknowledgement, and waits for it.
     *
     * @return the messages that came before the acknowledgement
     * @throws KernelException with the kernel's errno and explanation
     */
    public synchronized List<Message> request(String attempt, IntFunction<MessageWriter> request)
            throws KernelException {
        int number = ++sequence;
        send(attempt, request.apply(number).toBytes());
        List<Message> answers = new ArrayList<>();
        while (true) {
            for (Message message : receive(attempt, 0)) {
                if (message.sequence() != number) {
                    continue;
                }
                if (message.type() != Message.ERROR) {
                    answers.add(message);
                    continue;
                }
                check(message, attempt);
                return answers;
            }
        }
    }

    /**
     * Sends one dump request and gathers all parts of the answer; begins again if the table changed meanwhile
     * (NLM_F_DUMP_INTR).
     */
    public synchronized List<Message> dump(String attempt, IntFunction<MessageWriter> request) throws KernelException {
        for (int i = 0; i < DUMP_ATTEMPTS_MAX; i++) {
            List<Message> answers = new ArrayList<>();
            if (dumpOnce(attempt, request, answers)) {
                return answers;
            }
        }
        throw new KernelException(
                Errno.EBUSY, attempt, "it changed during each of " + DUMP_ATTEMPTS_MAX + " attempts to read it");
    }

    private boolean dumpOnce(String attempt, IntFunction<MessageWriter> request, List<Message> answers)
            throws KernelException {
        int number = ++sequence;
        send(attempt, request.apply(number).toBytes());
        boolean consistent = true;
        while (true) {
            for (Message message : receive(attempt, 0)) {
                if (message.sequence() != number || message.type() == Message.NOOP) {
                    continue;
                }
                consistent &= (message.flags() & Message.DUMP_INTERRUPTED) == 0;
                if (message.type() == Message.DONE || message.type() == Message.ERROR) {
                    if (message.errno() == Errno.EINTR) {
                        return false;
                    }
                    check(message, attempt);
                    return consistent;
                }
                answers.add(message);
            }
        }
    }

    /** The number that the next {@link #exchange} must give its first message; each further message has one more. */
    public synchronized int nextSequence() {
        return sequence + 1;
    }

    /**
     * Sends a batch in one datagram and collects whatever the kernel answered while it took it: for protocols that
     * execute a whole batch inside the send, such as nf_tables.
     *
     * @param messages how many messages the batch has
     */
    public synchronized List<Answer> exchange(String attempt, int messages, byte[] batch) throws KernelException {
        int first = sequence + 1;
        sequence += messages;
        send(attempt, batch);
        List<Answer> answers = new ArrayList<>();
        while (true) {
            List<Message> received = receive(attempt, MSG_DONTWAIT);
            if (received.isEmpty()) {
                return answers;
            }
            for (Message message : received) {
                int index = message.sequence() - first;
                if (message.type() == Message.ERROR && index >= 0 && index < messages) {
                    answers.add(new Answer(index, message.errno(), message.explanation()));
                }
            }
        }
    }

    private void send(String attempt, byte[] bytes) throws KernelException {
        try (Arena once = Arena.ofConfined()) {
            int sent = NetlinkCalls.send(number(attempt), once.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
            if (sent < 0) {
                throw new KernelException(
                        -sent,
                        attempt + " (send of " + bytes.length + " bytes)",
                        sent == -Errno.EMSGSIZE ? "see net.core.wmem_max, or split what need not happen at once" : "");
            }
        }
    }

    private List<Message> receive(String attempt, int flags) throws KernelException {
        try (Arena once = Arena.ofConfined()) {
            MemorySegment buffer = once.allocate(RECEIVE_BYTES, 8);
            int received = NetlinkCalls.receive(number(attempt), buffer, flags | MSG_TRUNC);
            if (received == -Errno.EAGAIN && (flags & MSG_DONTWAIT) != 0) {
                return List.of();
            }
            if (received < 0) {
                throw new KernelException(-received, attempt + " (wait for the answer)");
            }
            if (received > RECEIVE_BYTES) {
                throw new KernelException(Errno.EMSGSIZE, attempt, "an answer of " + received + " bytes");
            }
            return Message.parse(buffer.asSlice(0, received).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private int number(String attempt) throws KernelException {
        if (!fd.isOpen()) {
            throw new KernelException(Errno.EBADF, attempt, "the netlink socket is closed");
        }
        return fd.number();
    }

    private static void check(Message message, String attempt) throws KernelException {
        if (message.errno() != 0) {
            throw new KernelException(message.errno(), attempt, message.explanation());
        }
    }

    @Override
    public synchronized void close() {
        fd.close();
    }

    /**
     * What the kernel said to one message of a batch.
     *
     * @param index the message's place in the batch
     * @param errno 0 for an acknowledgement
     */
    public record Answer(int index, int errno, String explanation) {}
}
