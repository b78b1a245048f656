package io.culvert.linux.netlink;

import io.culvert.linux.KernelException;
import java.net.InetAddress;

/** Messages about addresses: struct ifaddrmsg and IFA_* attributes (linux/if_addr.h). */
final class AddressMessages {
    static final int RTM_NEWADDR = 20;
    static final int RTM_DELADDR = 21;
    static final int RTM_GETADDR = 22;

    private static final int IFADDRMSG_BYTES = 8;
    private static final int IFA_ADDRESS = 1;
    private static final int IFA_LOCAL = 2;
    private static final int IFA_FLAGS = 8;
    private static final int IFA_F_NODAD = 0x02;
    private static final int IFA_F_TENTATIVE = 0x40;

    private AddressMessages() {}

    static MessageWriter dump(int sequence) {
        return new MessageWriter()
                .begin(RTM_GETADDR, MessageWriter.REQUEST | MessageWriter.DUMP, sequence)
                .u32(0)
                .u32(0)
                .end();
    }

    /** NODAD, so that an IPv6 address can be used at once instead of a second later. */
    static MessageWriter add(int sequence, int linkIndex, InetAddress address, int prefixLength) {
        int flags = MessageWriter.REQUEST | MessageWriter.ACK | MessageWriter.CREATE | MessageWriter.EXCL;
        return message(sequence, RTM_NEWADDR, flags, linkIndex, address, prefixLength);
    }

    static MessageWriter delete(int sequence, int linkIndex, InetAddress address, int prefixLength) {
        int flags = MessageWriter.REQUEST | MessageWriter.ACK;
        return message(sequence, RTM_DELADDR, flags, linkIndex, address, prefixLength);
    }

    static InterfaceAddress read(Message message) throws KernelException {
        Attributes attributes = message.attributes(IFADDRMSG_BYTES);
        // On a point-to-point link ADDRESS is the peer's, LOCAL is ours; IPv6 mostly has ADDRESS alone.
        byte[] raw = attributes.bytes(attributes.has(IFA_LOCAL) ? IFA_LOCAL : IFA_ADDRESS);
        int flags = attributes.u32(IFA_FLAGS, Byte.toUnsignedInt(message.body().get(2)));
        return new InterfaceAddress(
                message.body().getInt(4),
                Addresses.of(raw),
                Byte.toUnsignedInt(message.body().get(1)),
                (flags & IFA_F_TENTATIVE) != 0);
    }

    private static MessageWriter message(
            int sequence, int type, int messageFlags, int linkIndex, InetAddress address, int prefixLength) {
        byte[] raw = address.getAddress();
        int flags = raw.length == 16 ? IFA_F_NODAD : 0;
        return new MessageWriter()
                .begin(type, messageFlags, sequence)
                .u8(IpFamily.of(address).number())
                .u8(prefixLength)
                .u8(flags)
                .u8(0)
                .u32(linkIndex)
                .attribute(IFA_LOCAL, raw)
                .attribute(IFA_ADDRESS, raw)
                .end();
    }
}
