package io.culvert.linux.netlink;

import io.culvert.linux.KernelException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Messages about links: struct ifinfomsg and IFLA_* attributes (linux/if_link.h). */
final class LinkMessages {
    static final int RTM_NEWLINK = 16;
    static final int RTM_DELLINK = 17;
    static final int RTM_GETLINK = 18;
    static final int RTM_SETLINK = 19;

    static final int IFF_UP = 1;
    private static final int IFF_RUNNING = 0x40;

    private static final int IFINFOMSG_BYTES = 16;
    private static final int NAME_BYTES_MAX = 15;

    private static final int IFLA_ADDRESS = 1;
    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_MTU = 4;
    private static final int IFLA_MASTER = 10;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_NET_NS_FD = 28;
    private static final int IFLA_INFO_KIND = 1;
    private static final int IFLA_INFO_DATA = 2;
    private static final int VETH_INFO_PEER = 1;

    private LinkMessages() {}

    static MessageWriter dump(int sequence) {
        return header(sequence, RTM_GETLINK, MessageWriter.REQUEST | MessageWriter.DUMP, 0, 0, 0)
                .end();
    }

    static MessageWriter get(int sequence, String name) {
        return header(sequence, RTM_GETLINK, MessageWriter.REQUEST | MessageWriter.ACK, 0, 0, 0)
                .attribute(IFLA_IFNAME, checked(name))
                .end();
    }

    static MessageWriter create(int sequence, String name, String kind, Consumer<MessageWriter> data) {
        int flags = MessageWriter.REQUEST | MessageWriter.ACK | MessageWriter.CREATE | MessageWriter.EXCL;
        MessageWriter out = header(sequence, RTM_NEWLINK, flags, 0, 0, 0).attribute(IFLA_IFNAME, checked(name));
        int info = out.nest(IFLA_LINKINFO);
        out.attribute(IFLA_INFO_KIND, kind);
        data.accept(out);
        return out.close(info).end();
    }

    /** The far end of a veth pair; {@code namespaceFd} below zero keeps it in this namespace. */
    static void vethPeer(MessageWriter out, String peerName, int namespaceFd) {
        int data = out.nest(IFLA_INFO_DATA);
        int peer = out.nest(VETH_INFO_PEER);
        ifinfomsg(out, 0, 0, 0);
        out.attribute(IFLA_IFNAME, checked(peerName));
        if (namespaceFd >= 0) {
            out.attributeU32(IFLA_NET_NS_FD, namespaceFd);
        }
        out.close(peer).close(data);
    }

    static MessageWriter setFlags(int sequence, int index, int flags, int change) {
        return header(sequence, RTM_SETLINK, MessageWriter.REQUEST | MessageWriter.ACK, index, flags, change)
                .end();
    }

    static MessageWriter setMaster(int sequence, int index, int masterIndex) {
        return change(sequence, index).attributeU32(IFLA_MASTER, masterIndex).end();
    }

    static MessageWriter setNamespace(int sequence, int index, int namespaceFd) {
        return change(sequence, index).attributeU32(IFLA_NET_NS_FD, namespaceFd).end();
    }

    static MessageWriter rename(int sequence, int index, String name) {
        return change(sequence, index).attribute(IFLA_IFNAME, checked(name)).end();
    }

    static MessageWriter setMtu(int sequence, int index, int mtu) {
        return change(sequence, index).attributeU32(IFLA_MTU, mtu).end();
    }

    static MessageWriter setHardwareAddress(int sequence, int index, byte[] address) {
        return change(sequence, index).attribute(IFLA_ADDRESS, address).end();
    }

    static MessageWriter delete(int sequence, int index) {
        return header(sequence, RTM_DELLINK, MessageWriter.REQUEST | MessageWriter.ACK, index, 0, 0)
                .end();
    }

    static Link read(Message message) throws KernelException {
        Attributes attributes = message.attributes(IFINFOMSG_BYTES);
        int flags = message.body().getInt(8);
        return new Link(
                message.body().getInt(4),
                attributes.string(IFLA_IFNAME),
                attributes.nested(IFLA_LINKINFO).string(IFLA_INFO_KIND),
                attributes.u32(IFLA_MTU, 0),
                attributes.u32(IFLA_MASTER, 0),
                (flags & IFF_UP) != 0,
                (flags & IFF_RUNNING) != 0);
    }

    /** Names as the kernel takes them (dev_valid_name), checked here so that the error says which name. */
    static String checked(String name) {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        boolean valid = bytes > 0
                && bytes <= NAME_BYTES_MAX
                && !name.equals(".")
                && !name.equals("..")
                && name.chars().noneMatch(c -> c == '/' || c == ':' || c == 0 || Character.isWhitespace(c));
        if (!valid) {
            throw new IllegalArgumentException("not a name for an interface: \"" + name + "\"");
        }
        return name;
    }

    private static MessageWriter change(int sequence, int index) {
        return header(sequence, RTM_SETLINK, MessageWriter.REQUEST | MessageWriter.ACK, index, 0, 0);
    }

    private static MessageWriter header(int sequence, int type, int messageFlags, int index, int flags, int change) {
        MessageWriter out = new MessageWriter().begin(type, messageFlags, sequence);
        ifinfomsg(out, index, flags, change);
        return out;
    }

    private static void ifinfomsg(MessageWriter out, int index, int flags, int change) {
        out.u8(0).u8(0).u16(0).u32(index).u32(flags).u32(change);
    }
}
