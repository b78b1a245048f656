package io.culvert.linux.nftables;

import io.culvert.linux.Errno;
import io.culvert.linux.KernelException;
import io.culvert.linux.netlink.Attributes;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.Message;
import io.culvert.linux.netlink.MessageWriter;
import io.culvert.linux.netlink.NetlinkSocket;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Reads one table: its chains, their rules, its sets, their elements; four dumps. */
final class TableReader {
    private final NetlinkSocket socket;
    private final NfTable table;
    private final NfTableContent.Builder content;

    TableReader(NetlinkSocket socket, NfTable table) {
        this.socket = socket;
        this.table = table;
        this.content = NfTableContent.of(table);
    }

    NfTableContent read(boolean active) throws KernelException {
        for (Message message : dump("chains", NfNumbers.GETCHAIN, out -> {})) {
            chain(message.attributes(NfNumbers.GENMSG_BYTES));
        }
        for (Message message :
                dump("rules", NfNumbers.GETRULE, out -> out.attribute(NfNumbers.RULE_TABLE, table.name()))) {
            rule(message.attributes(NfNumbers.GENMSG_BYTES));
        }
        for (Message message :
                dump("sets", NfNumbers.GETSET, out -> out.attribute(NfNumbers.SET_TABLE, table.name()))) {
            set(message.attributes(NfNumbers.GENMSG_BYTES));
        }
        return content.active(active).build();
    }

    private List<Message> dump(String what, int type, Consumer<MessageWriter> filter) throws KernelException {
        return socket.dump("list " + what + " of table " + table, sequence -> {
            MessageWriter out = NfTables.begin(
                    type,
                    MessageWriter.REQUEST | MessageWriter.DUMP,
                    sequence,
                    table.family().number());
            filter.accept(out);
            return out.end();
        });
    }

    private void chain(Attributes chain) throws KernelException {
        if (!chain.string(NfNumbers.CHAIN_TABLE).equals(table.name())) {
            return;
        }
        String name = chain.string(NfNumbers.CHAIN_NAME);
        if (!chain.has(NfNumbers.CHAIN_HOOK)) {
            content.chain(new NfChain.Regular(name));
            return;
        }
        Attributes hook = chain.nested(NfNumbers.CHAIN_HOOK);
        int number = hook.u32BigEndian(NfNumbers.HOOK_NUMBER, -1);
        String type = chain.string(NfNumbers.CHAIN_TYPE);
        content.chain(new NfChain.Base(
                name,
                known(
                        type,
                        Arrays.stream(NfChain.Type.values())
                                .filter(t -> t.text().equals(type))
                                .findAny()),
                known(
                        "hook " + number,
                        Arrays.stream(NfHook.values())
                                .filter(h -> h.number() == number)
                                .findAny()),
                hook.u32BigEndian(NfNumbers.HOOK_PRIORITY, 0),
                chain.u32BigEndian(NfNumbers.CHAIN_POLICY, NfNumbers.VERDICT_ACCEPT) == NfNumbers.VERDICT_DROP));
    }

    private <T> T known(String text, Optional<T> value) throws KernelException {
        return value.orElseThrow(
                () -> new KernelException(Errno.EPROTO, "read table " + table, "a chain with unknown " + text));
    }

    private void rule(Attributes rule) throws KernelException {
        if (!rule.string(NfNumbers.RULE_TABLE).equals(table.name())) {
            return;
        }
        String chain = rule.string(NfNumbers.RULE_CHAIN);
        if (!content.hasChain(chain)) {
            // Added since the chains were read: the caller reads again.
            throw new KernelException(Errno.ENOENT, "read table " + table, "a rule of unknown chain " + chain);
        }
        content.rule(chain, ExpressionReader.read(rule.nested(NfNumbers.RULE_EXPRESSIONS)));
    }

    /** Sets of other kinds than ours are left out; rules that use them differ from ours anyway. */
    private void set(Attributes set) throws KernelException {
        int type = set.u32BigEndian(NfNumbers.SET_KEY_TYPE, 0);
        Optional<IpFamily> family = Arrays.stream(IpFamily.values())
                .filter(f -> NfBatch.SetKeys.type(f) == type)
                .findAny();
        if (!set.string(NfNumbers.SET_TABLE).equals(table.name())
                || set.u32BigEndian(NfNumbers.SET_FLAGS, 0) != 0
                || family.isEmpty()) {
            return;
        }
        String name = set.string(NfNumbers.SET_NAME);
        String comment = UserData.readComment(set.bytes(NfNumbers.SET_USERDATA), UserData.SET_COMMENT);
        content.set(new NfSet(name, family.get(), comment));
        for (Message message : dump(
                "elements",
                NfNumbers.GETSETELEM,
                out -> out.attribute(NfNumbers.ELEMENTS_TABLE, table.name()).attribute(NfNumbers.ELEMENTS_SET, name))) {
            for (Attributes.Attribute item : message.attributes(NfNumbers.GENMSG_BYTES)
                    .nested(NfNumbers.ELEMENTS_LIST)
                    .all()) {
                content.element(name, element(item.nested()));
            }
        }
    }

    private NfElement element(Attributes element) throws KernelException {
        byte[] key = element.nested(NfNumbers.ELEMENT_KEY).bytes(NfNumbers.DATA_VALUE);
        try {
            return new NfElement(
                    InetAddress.getByAddress(key),
                    UserData.readComment(element.bytes(NfNumbers.ELEMENT_USERDATA), UserData.ELEMENT_COMMENT));
        } catch (UnknownHostException e) {
            throw new KernelException(Errno.EPROTO, "read table " + table, "an element of " + key.length + " bytes");
        }
    }
}
