package io.culvert.linux.netlink;

import io.culvert.linux.Errno;
import io.culvert.linux.KernelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * One message from the kernel.
 *
 * @param body what follows the header: a fixed part and attributes
 */
public record Message(int type, int flags, int sequence, ByteBuffer body) {
    static final int NOOP = 1;
    static final int ERROR = 2;
    static final int DONE = 3;
    static final int DUMP_INTERRUPTED = 0x10;

    private static final int HEADER_BYTES = 16;
    private static final int CAPPED = 0x100;
    private static final int ACK_TLVS = 0x200;
    private static final int NLMSGERR_ATTR_MSG = 1;

    /**
     * Cuts one datagram into its messages.
     *
     * @throws KernelException EPROTO if a length does not fit
     */
    static List<Message> parse(byte[] datagram) throws KernelException {
        ByteBuffer in = ByteBuffer.wrap(datagram).order(ByteOrder.nativeOrder());
        List<Message> messages = new ArrayList<>();
        while (in.remaining() >= HEADER_BYTES) {
            int start = in.position();
            int length = in.getInt(start);
            if (length < HEADER_BYTES || length > in.remaining()) {
                throw new KernelException(
                        Errno.EPROTO, "read a netlink message", "length " + length + " of " + in.remaining());
            }
            ByteBuffer body =
                    in.slice(start + HEADER_BYTES, length - HEADER_BYTES).order(ByteOrder.nativeOrder());
            messages.add(new Message(
                    Short.toUnsignedInt(in.getShort(start + 4)),
                    Short.toUnsignedInt(in.getShort(start + 6)),
                    in.getInt(start + 8),
                    body));
            in.position(Math.min(in.limit(), start + ((length + 3) & ~3)));
        }
        return messages;
    }

    /** The attributes behind a fixed part of this length. */
    public Attributes attributes(int fixedBytes) throws KernelException {
        need(fixedBytes);
        return Attributes.parse(body.slice(fixedBytes, body.remaining() - fixedBytes));
    }

    /** Of an ERROR or DONE message: 0, or an errno. */
    int errno() throws KernelException {
        if (type == DONE && body.remaining() < 4) {
            return 0;
        }
        need(4);
        return -body.getInt(0);
    }

    /** Of an ERROR or DONE message: the kernel's own explanation, or empty (NETLINK_EXT_ACK). */
    String explanation() throws KernelException {
        if ((flags & ACK_TLVS) == 0) {
            return "";
        }
        int skip = 4;
        if (type == ERROR) {
            need(4 + HEADER_BYTES);
            // Errors quote the request's header, and all of the request unless capped.
            skip += (flags & CAPPED) != 0 ? HEADER_BYTES : (body.getInt(4) + 3) & ~3;
        }
        return attributes(skip).string(NLMSGERR_ATTR_MSG);
    }

    void need(int bytes) throws KernelException {
        if (bytes < 0 || body.remaining() < bytes) {
            throw new KernelException(
                    Errno.EPROTO,
                    "read a netlink message of type " + type,
                    body.remaining() + " bytes where " + bytes + " belong");
        }
    }
}
