package io.culvert.linux.netlink;

import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks which TCP sockets a network namespace has (NETLINK_SOCK_DIAG; linux/inet_diag.h, linux/sock_diag.h). Needs no
 * capability. Whoever opened the sockets, and wherever: they are told of by the namespace that they belong to.
 */
public final class SocketDiag implements AutoCloseable {
    private static final int SOCK_DIAG_BY_FAMILY = 20;
    private static final int IPPROTO_TCP = 6;
    /** include/net/tcp_states.h: TCP_LISTEN is 10. */
    private static final int LISTENING = 1 << 10;

    /** struct inet_diag_sockid without the ports: two addresses, interface, cookie. */
    private static final int WORDS_BEHIND_PORTS = 11;

    /** struct inet_diag_msg: family, state, timer, retrans; sockid; expires, rqueue, wqueue, uid, inode. */
    private static final int MESSAGE_BYTES = 72;

    private static final int AT_STATE = 1;
    private static final int AT_LOCAL_ADDRESS = 8;
    private static final int AT_QUEUE = 56;
    private static final int AT_INODE = 68;

    private final NetlinkSocket socket;

    private SocketDiag(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** For the calling thread's namespace. */
    public static SocketDiag open() throws KernelException {
        return new SocketDiag(NetlinkSocket.open(NetlinkSocket.SOCK_DIAG));
    }

    /** For another one. */
    public static SocketDiag open(Netns netns) throws KernelException {
        return netns.call(SocketDiag::open);
    }

    /**
     * A socket that listens.
     *
     * @param anyAddress on the wildcard address of its family
     * @param waiting connections that are established and were not accepted yet
     * @param inode as in {@code /proc/PID/fd}
     */
    public record Listening(boolean anyAddress, int waiting, long inode) {}

    /** All that listen on a port by sockets of this family; those of IPv6 may take IPv4, too. */
    public List<Listening> listeners(IpFamily family, int port) throws KernelException {
        List<Listening> found = new ArrayList<>();
        for (Message message : socket.dump("list listening sockets", sequence -> request(sequence, family, port))) {
            message.need(MESSAGE_BYTES);
            if (message.body().get(AT_STATE) == 10) {
                found.add(new Listening(
                        isWildcard(message),
                        message.body().getInt(AT_QUEUE),
                        message.body().getInt(AT_INODE) & 0xffffffffL));
            }
        }
        return found;
    }

    private static boolean isWildcard(Message message) {
        return message.body().getLong(AT_LOCAL_ADDRESS) == 0 && message.body().getLong(AT_LOCAL_ADDRESS + 8) == 0;
    }

    /** struct inet_diag_req_v2. The kernel compares the source port itself. */
    private static MessageWriter request(int sequence, IpFamily family, int port) {
        MessageWriter out = new MessageWriter()
                .begin(SOCK_DIAG_BY_FAMILY, MessageWriter.REQUEST | MessageWriter.DUMP, sequence)
                .u8(family.number())
                .u8(IPPROTO_TCP)
                .u8(0)
                .u8(0)
                .u32(LISTENING)
                .u16BigEndian(port)
                .u16BigEndian(0);
        for (int i = 0; i < WORDS_BEHIND_PORTS; i++) {
            out.u32(0);
        }
        return out.end();
    }

    @Override
    public void close() {
        socket.close();
    }
}
