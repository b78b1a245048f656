package io.culvert.linux.nftables;

import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.IpPrefix;
import io.culvert.linux.nftables.NfExpression.Test;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a rule, one word per step, in the order called. Words about addresses first check the packet's IP version, as
 * nft(8) does. Words about ports do not check the protocol: say {@link #protocol} before.
 */
public final class NfRuleBuilder {
    public static final int TCP = 6;
    public static final int UDP = 17;

    private final List<NfExpression> steps = new ArrayList<>();

    NfRuleBuilder() {}

    public NfRule build() {
        return new NfRule(steps);
    }

    /** {@link #TCP} or {@link #UDP}. */
    public NfRuleBuilder protocol(int number) {
        return match(NfField.Meta.L4PROTO, Test.EQUAL, NfValue.of((byte) number));
    }

    public NfRuleBuilder inputInterface(String name) {
        return match(NfField.Meta.IIFNAME, Test.EQUAL, NfValue.interfaceName(name));
    }

    public NfRuleBuilder outputInterface(String name) {
        return match(NfField.Meta.OIFNAME, Test.EQUAL, NfValue.interfaceName(name));
    }

    public NfRuleBuilder outputInterfaceIsNot(String name) {
        return match(NfField.Meta.OIFNAME, Test.NOT_EQUAL, NfValue.interfaceName(name));
    }

    public NfRuleBuilder source(IpPrefix prefix) {
        return address(source(prefix.family()), Test.EQUAL, prefix);
    }

    public NfRuleBuilder sourceIsNot(IpPrefix prefix) {
        return address(source(prefix.family()), Test.NOT_EQUAL, prefix);
    }

    public NfRuleBuilder destination(IpPrefix prefix) {
        return address(destination(prefix.family()), Test.EQUAL, prefix);
    }

    public NfRuleBuilder destinationIsNot(IpPrefix prefix) {
        return address(destination(prefix.family()), Test.NOT_EQUAL, prefix);
    }

    public NfRuleBuilder sourceIn(IpFamily family, String set) {
        return version(family).add(new NfExpression.InSet(source(family), set, false));
    }

    public NfRuleBuilder destinationIn(IpFamily family, String set) {
        return version(family).add(new NfExpression.InSet(destination(family), set, false));
    }

    public NfRuleBuilder destinationNotIn(IpFamily family, String set) {
        return version(family).add(new NfExpression.InSet(destination(family), set, true));
    }

    public NfRuleBuilder sourcePort(int port) {
        return match(NfField.SOURCE_PORT, Test.EQUAL, NfValue.port(port));
    }

    public NfRuleBuilder destinationPort(int port) {
        return match(NfField.DESTINATION_PORT, Test.EQUAL, NfValue.port(port));
    }

    public NfRuleBuilder destinationPortIsNot(int port) {
        return match(NfField.DESTINATION_PORT, Test.NOT_EQUAL, NfValue.port(port));
    }

    /** The packet's mark: {@code mark & mask == value}. */
    public NfRuleBuilder mark(int value, int mask) {
        return masked(NfField.Meta.MARK, Test.EQUAL, value, mask);
    }

    public NfRuleBuilder markIsNot(int value, int mask) {
        return masked(NfField.Meta.MARK, Test.NOT_EQUAL, value, mask);
    }

    /** The connection's mark. */
    public NfRuleBuilder connectionMark(int value, int mask) {
        return masked(NfField.Ct.MARK, Test.EQUAL, value, mask);
    }

    /** The sending socket's owner. */
    public NfRuleBuilder socketUser(int uid) {
        return match(NfField.Meta.SKUID, Test.EQUAL, NfValue.hostU32(uid));
    }

    /** A socket of this host with IP_TRANSPARENT is there for the packet. */
    public NfRuleBuilder transparentSocket() {
        return match(NfField.Socket.TRANSPARENT, Test.EQUAL, NfValue.of((byte) 1));
    }

    public NfRuleBuilder setMark(int value) {
        return add(new NfExpression.Assign(NfField.Meta.MARK, NfValue.hostU32(value)));
    }

    /** The packet takes its connection's mark, all of it. */
    public NfRuleBuilder setMarkFromConnection() {
        return add(new NfExpression.Copy(NfField.Meta.MARK, NfField.Ct.MARK));
    }

    /** The connection's mark becomes {@code mark & ~mask | value}: bits outside the mask stay. */
    public NfRuleBuilder setConnectionMark(int value, int mask) {
        return add(new NfExpression.Copy(
                NfField.Ct.MARK, NfField.Ct.MARK, NfValue.hostU32(~mask), NfValue.hostU32(value & mask)));
    }

    /** Tracks the connection apart from those of other zones. In raw chains. */
    public NfRuleBuilder setConnectionZone(int zone) {
        return add(new NfExpression.Assign(NfField.Ct.ZONE, NfValue.hostU16(zone)));
    }

    public NfRuleBuilder counter() {
        return add(new NfExpression.Counter(0, 0));
    }

    public NfRuleBuilder accept() {
        return add(new NfExpression.Accept());
    }

    public NfRuleBuilder drop() {
        return add(new NfExpression.Drop());
    }

    public NfRuleBuilder returnToCaller() {
        return add(new NfExpression.Return());
    }

    public NfRuleBuilder jump(String chain) {
        return add(new NfExpression.Jump(chain));
    }

    public NfRuleBuilder goTo(String chain) {
        return add(new NfExpression.GoTo(chain));
    }

    public NfRuleBuilder redirect(int port) {
        return add(new NfExpression.Redirect(port));
    }

    public NfRuleBuilder sourceNat(InetAddress address) {
        return add(new NfExpression.SourceNat(address));
    }

    public NfRuleBuilder noTrack() {
        return add(new NfExpression.NoTrack());
    }

    /** Any step, for what has no word here. */
    public NfRuleBuilder add(NfExpression step) {
        steps.add(step);
        return this;
    }

    private NfRuleBuilder match(NfField field, Test test, NfValue value) {
        return add(new NfExpression.Match(field, test, value));
    }

    private NfRuleBuilder masked(NfField field, Test test, int value, int mask) {
        return add(new NfExpression.Match(field, NfValue.hostU32(mask), test, NfValue.hostU32(value)));
    }

    private NfRuleBuilder address(NfField field, Test test, IpPrefix prefix) {
        NfValue mask = NfValue.prefixMask(field.length(), prefix.length());
        return version(prefix.family())
                .add(new NfExpression.Match(field, mask, test, NfValue.address(prefix.address())));
    }

    private NfRuleBuilder version(IpFamily family) {
        return match(NfField.Meta.NFPROTO, Test.EQUAL, NfValue.of((byte) family.number()));
    }

    private static NfField source(IpFamily family) {
        return switch (family) {
            case V4 -> NfField.IP_SOURCE;
            case V6 -> NfField.IP6_SOURCE;
        };
    }

    private static NfField destination(IpFamily family) {
        return switch (family) {
            case V4 -> NfField.IP_DESTINATION;
            case V6 -> NfField.IP6_DESTINATION;
        };
    }
}
