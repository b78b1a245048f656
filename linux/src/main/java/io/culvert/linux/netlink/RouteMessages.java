package io.culvert.linux.netlink;

import io.culvert.linux.KernelException;
import java.util.Optional;

/** Messages about routes and rules: struct rtmsg / fib_rule_hdr, RTA_* and FRA_* (linux/rtnetlink.h, fib_rules.h). */
final class RouteMessages {
    static final int RTM_NEWROUTE = 24;
    static final int RTM_DELROUTE = 25;
    static final int RTM_GETROUTE = 26;
    static final int RTM_NEWRULE = 32;
    static final int RTM_DELRULE = 33;
    static final int RTM_GETRULE = 34;

    private static final int HEADER_BYTES = 12;
    private static final int RTM_F_CLONED = 0x200;
    private static final int RTPROT_UNSPEC = 0;
    private static final int RTPROT_STATIC = 4;
    private static final int FR_ACT_TO_TBL = 1;

    private static final int RTA_DST = 1;
    private static final int RTA_OIF = 4;
    private static final int RTA_GATEWAY = 5;
    private static final int RTA_PRIORITY = 6;
    private static final int RTA_TABLE = 15;
    private static final int RTA_VIA = 18;

    private static final int FRA_PRIORITY = 6;
    private static final int FRA_FWMARK = 10;
    private static final int FRA_TABLE = 15;
    private static final int FRA_FWMASK = 16;

    private RouteMessages() {}

    static MessageWriter dumpRoutes(int sequence, IpFamily family) {
        return dump(sequence, RTM_GETROUTE, family);
    }

    static MessageWriter dumpRules(int sequence, IpFamily family) {
        return dump(sequence, RTM_GETRULE, family);
    }

    static MessageWriter replace(int sequence, Route route) {
        int flags = MessageWriter.REQUEST | MessageWriter.ACK | MessageWriter.CREATE | MessageWriter.REPLACE;
        return route(sequence, RTM_NEWROUTE, flags, RTPROT_STATIC, route);
    }

    static MessageWriter delete(int sequence, Route route) {
        int flags = MessageWriter.REQUEST | MessageWriter.ACK;
        return route(sequence, RTM_DELROUTE, flags, RTPROT_UNSPEC, route);
    }

    private static MessageWriter route(int sequence, int type, int flags, int protocol, Route route) {
        IpPrefix to = route.destination();
        MessageWriter out = new MessageWriter()
                .begin(type, flags, sequence)
                .u8(to.family().number())
                .u8(to.length())
                .u8(0)
                .u8(0)
                .u8(route.table() < 256 ? route.table() : 0)
                .u8(protocol)
                .u8(route.scope())
                .u8(route.type().number())
                .u32(0)
                .attributeU32(RTA_TABLE, route.table());
        if (to.length() > 0) {
            out.attribute(RTA_DST, to.address().getAddress());
        }
        if (route.metric() != 0) {
            out.attributeU32(RTA_PRIORITY, route.metric());
        }
        switch (route.hop()) {
            case NextHop.Device(int link) -> out.attributeU32(RTA_OIF, link);
            case NextHop.Gateway(var address, int link) -> {
                if (IpFamily.of(address) != to.family()) {
                    throw new IllegalArgumentException("a route to " + to + " by way of " + address);
                }
                out.attribute(RTA_GATEWAY, address.getAddress());
                if (link != 0) {
                    out.attributeU32(RTA_OIF, link);
                }
            }
            case NextHop.Other() -> {}
        }
        return out.end();
    }

    /** Empty for what is no entry of a table: cached results of IPv6 look-ups. */
    static Optional<Route> readRoute(Message message, IpFamily family) throws KernelException {
        Attributes attributes = message.attributes(HEADER_BYTES);
        if ((message.body().getInt(8) & RTM_F_CLONED) != 0) {
            return Optional.empty();
        }
        int length = Byte.toUnsignedInt(message.body().get(1));
        IpPrefix to = attributes.has(RTA_DST)
                ? new IpPrefix(Addresses.of(attributes.bytes(RTA_DST)), length)
                : IpPrefix.all(family);
        return Optional.of(new Route(
                to,
                attributes.u32(RTA_TABLE, Byte.toUnsignedInt(message.body().get(4))),
                RouteType.of(Byte.toUnsignedInt(message.body().get(7))),
                Byte.toUnsignedInt(message.body().get(6)),
                hop(attributes),
                attributes.u32(RTA_PRIORITY, 0)));
    }

    private static NextHop hop(Attributes attributes) throws KernelException {
        int link = attributes.u32(RTA_OIF, 0);
        if (attributes.has(RTA_GATEWAY)) {
            return new NextHop.Gateway(Addresses.of(attributes.bytes(RTA_GATEWAY)), link);
        }
        return link == 0 || attributes.has(RTA_VIA) ? new NextHop.Other() : new NextHop.Device(link);
    }

    static MessageWriter addRule(int sequence, Rule rule) {
        int flags = MessageWriter.REQUEST | MessageWriter.ACK | MessageWriter.CREATE | MessageWriter.EXCL;
        return rule(sequence, RTM_NEWRULE, flags, rule);
    }

    static MessageWriter deleteRule(int sequence, Rule rule) {
        return rule(sequence, RTM_DELRULE, MessageWriter.REQUEST | MessageWriter.ACK, rule);
    }

    private static MessageWriter rule(int sequence, int type, int flags, Rule rule) {
        MessageWriter out = new MessageWriter()
                .begin(type, flags, sequence)
                .u8(rule.family().number())
                .u8(0)
                .u8(0)
                .u8(0)
                .u8(rule.table() < 256 ? rule.table() : 0)
                .u16(0)
                .u8(FR_ACT_TO_TBL)
                .u32(0)
                .attributeU32(FRA_PRIORITY, rule.priority())
                .attributeU32(FRA_TABLE, rule.table());
        if (rule.markMask() != 0) {
            out.attributeU32(FRA_FWMARK, rule.mark()).attributeU32(FRA_FWMASK, rule.markMask());
        }
        return out.end();
    }

    static Rule readRule(Message message, IpFamily family) throws KernelException {
        Attributes attributes = message.attributes(HEADER_BYTES);
        return new Rule(
                family,
                attributes.u32(FRA_PRIORITY, 0),
                attributes.u32(FRA_FWMARK, 0),
                attributes.u32(FRA_FWMASK, 0),
                attributes.u32(FRA_TABLE, Byte.toUnsignedInt(message.body().get(4))));
    }

    private static MessageWriter dump(int sequence, int type, IpFamily family) {
        return new MessageWriter()
                .begin(type, MessageWriter.REQUEST | MessageWriter.DUMP, sequence)
                .u8(family.number())
                .u8(0)
                .u16(0)
                .u32(0)
                .u32(0)
                .end();
    }
}
