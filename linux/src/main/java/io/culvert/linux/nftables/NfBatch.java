package io.culvert.linux.nftables;

import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.MessageWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;

/**
 * Changes that happen together or not at all. They are applied in the order called, so that a table can be deleted and
 * built anew in one batch without a moment in which a packet sees neither. Not for several threads; may be committed
 * more than once, in any namespace.
 */
public final class NfBatch {
    /** So many elements, each with the longest comment, still fit one attribute of 64 KiB. */
    private static final int ELEMENTS_PER_MESSAGE = 256;

    private final List<Command> commands = new ArrayList<>();
    private int setId;

    /** Adds the table unless it exists. */
    public NfBatch addTable(NfTable table) {
        return add(
                () -> "add table " + table,
                NfNumbers.NEWTABLE,
                MessageWriter.CREATE,
                table,
                out -> out.attribute(NfNumbers.TABLE_NAME, table.name()));
    }

    /** Deletes the table and all in it; ENOENT if there is none, so add it first where that is possible. */
    public NfBatch deleteTable(NfTable table) {
        return add(
                () -> "delete table " + table,
                NfNumbers.DELTABLE,
                0,
                table,
                out -> out.attribute(NfNumbers.TABLE_NAME, table.name()));
    }

    /** Deletes the rules of all chains; chains, sets and elements stay. */
    public NfBatch flushTable(NfTable table) {
        return add(
                () -> "flush table " + table,
                NfNumbers.DELRULE,
                0,
                table,
                out -> out.attribute(NfNumbers.RULE_TABLE, table.name()));
    }

    /** Adds the chain unless it exists; EEXIST or EOPNOTSUPP if a different one of this name does. */
    public NfBatch addChain(NfTable table, NfChain chain) {
        return add(
                () -> "add chain " + chain.name() + " to table " + table,
                NfNumbers.NEWCHAIN,
                MessageWriter.CREATE,
                table,
                out -> chain(out, table, chain));
    }

    /** Appends the rule. */
    public NfBatch addRule(NfTable table, String chain, NfRule rule) {
        return add(
                () -> "add a rule to chain " + chain + " of table " + table + ": " + rule.expressions(),
                NfNumbers.NEWRULE,
                MessageWriter.CREATE | MessageWriter.APPEND,
                table,
                out -> {
                    out.attribute(NfNumbers.RULE_TABLE, table.name()).attribute(NfNumbers.RULE_CHAIN, chain);
                    int list = out.nest(NfNumbers.RULE_EXPRESSIONS);
                    ExpressionWriter writer = new ExpressionWriter(out);
                    rule.expressions().forEach(writer::write);
                    out.close(list);
                });
    }

    /** Adds the set unless it exists; rules that use it come later. */
    public NfBatch addSet(NfTable table, NfSet set) {
        int id = ++setId;
        return add(
                () -> "add set " + set.name() + " to table " + table,
                NfNumbers.NEWSET,
                MessageWriter.CREATE,
                table,
                out -> set(out, table, set, id));
    }

    /** Adds elements. One that is there already stays as it is, with the comment that it has. */
    public NfBatch addElements(NfTable table, String set, Collection<NfElement> elements) {
        return elements("add elements to set ", NfNumbers.NEWSETELEM, MessageWriter.CREATE, table, set, elements);
    }

    /** Deletes elements by address, whatever their comment; ENOENT if one is not there. */
    public NfBatch deleteElements(NfTable table, String set, Collection<NfElement> elements) {
        return elements("delete elements of set ", NfNumbers.DELSETELEM, 0, table, set, elements);
    }

    /** Deletes all elements. */
    public NfBatch flushSet(NfTable table, String set) {
        return add(
                () -> "flush set " + set + " of table " + table,
                NfNumbers.DELSETELEM,
                0,
                table,
                out -> out.attribute(NfNumbers.ELEMENTS_TABLE, table.name()).attribute(NfNumbers.ELEMENTS_SET, set));
    }

    /** The table will hold this and nothing else, whatever it held before. */
    public NfBatch replaceTable(NfTableContent content) {
        NfTable table = content.table();
        addTable(table).deleteTable(table).addTable(table);
        content.sets().values().forEach(set -> addSet(table, set));
        content.elements().forEach((set, elements) -> addElements(table, set, elements.values()));
        return addRules(content);
    }

    /** The table will have these chains and rules; its sets stay, and those that are new are added. */
    public NfBatch replaceRules(NfTableContent content) {
        NfTable table = content.table();
        addTable(table).flushTable(table);
        content.sets().values().forEach(set -> addSet(table, set));
        return addRules(content);
    }

    private NfBatch addRules(NfTableContent content) {
        NfTable table = content.table();
        content.chains().values().forEach(chain -> addChain(table, chain));
        content.rules().forEach((chain, rules) -> rules.forEach(rule -> addRule(table, chain, rule)));
        return this;
    }

    private static void chain(MessageWriter out, NfTable table, NfChain chain) {
        out.attribute(NfNumbers.CHAIN_TABLE, table.name()).attribute(NfNumbers.CHAIN_NAME, chain.name());
        switch (chain) {
            case NfChain.Regular _ -> {}
            case NfChain.Base base -> {
                int hook = out.nest(NfNumbers.CHAIN_HOOK);
                out.attributeU32BigEndian(NfNumbers.HOOK_NUMBER, base.hook().number())
                        .attributeU32BigEndian(NfNumbers.HOOK_PRIORITY, base.priority())
                        .close(hook)
                        .attributeU32BigEndian(
                                NfNumbers.CHAIN_POLICY,
                                base.drops() ? NfNumbers.VERDICT_DROP : NfNumbers.VERDICT_ACCEPT)
                        .attribute(NfNumbers.CHAIN_TYPE, base.type().text());
            }
        }
    }

    private static void set(MessageWriter out, NfTable table, NfSet set, int id) {
        out.attribute(NfNumbers.SET_TABLE, table.name())
                .attribute(NfNumbers.SET_NAME, set.name())
                .attributeU32BigEndian(NfNumbers.SET_FLAGS, 0)
                .attributeU32BigEndian(NfNumbers.SET_KEY_TYPE, SetKeys.type(set.family()))
                .attributeU32BigEndian(NfNumbers.SET_KEY_LENGTH, set.family().addressBytes())
                .attributeU32BigEndian(NfNumbers.SET_ID, id);
        if (!set.comment().isEmpty()) {
            out.attribute(NfNumbers.SET_USERDATA, UserData.comment(UserData.SET_COMMENT, set.comment()));
        }
    }

    private NfBatch elements(
            String verb, int type, int flags, NfTable table, String set, Collection<NfElement> elements) {
        Iterator<NfElement> rest = List.copyOf(elements).iterator();
        while (rest.hasNext()) {
            List<NfElement> some = new ArrayList<>();
            while (rest.hasNext() && some.size() < ELEMENTS_PER_MESSAGE) {
                some.add(rest.next());
            }
            add(() -> verb + set + " of table " + table, type, flags, table, out -> {
                out.attribute(NfNumbers.ELEMENTS_TABLE, table.name()).attribute(NfNumbers.ELEMENTS_SET, set);
                int list = out.nest(NfNumbers.ELEMENTS_LIST);
                some.forEach(element -> element(out, element));
                out.close(list);
            });
        }
        return this;
    }

    private static void element(MessageWriter out, NfElement element) {
        int item = out.nest(NfNumbers.LIST_ELEM);
        int key = out.nest(NfNumbers.ELEMENT_KEY);
        out.attribute(NfNumbers.DATA_VALUE, element.address().getAddress()).close(key);
        if (!element.comment().isEmpty()) {
            out.attribute(NfNumbers.ELEMENT_USERDATA, UserData.comment(UserData.ELEMENT_COMMENT, element.comment()));
        }
        out.close(item);
    }

    private NfBatch add(Supplier<String> attempt, int type, int flags, NfTable table, Body body) {
        commands.add(new Command(attempt, type, flags, table.family().number(), body));
        return this;
    }

    public boolean isEmpty() {
        return commands.isEmpty();
    }

    List<Command> commands() {
        return commands;
    }

    /** One change, and what to call it in an error. */
    record Command(Supplier<String> attempt, int type, int flags, int family, Body body) {}

    /** Writes a command's attributes. */
    @FunctionalInterface
    interface Body {
        void write(MessageWriter out);
    }

    /** nft(8)'s numbers of data types, which the kernel only stores. */
    static final class SetKeys {
        private static final int IPV4_ADDR = 7;
        private static final int IPV6_ADDR = 8;

        private SetKeys() {}

        static int type(IpFamily family) {
            return switch (family) {
                case V4 -> IPV4_ADDR;
                case V6 -> IPV6_ADDR;
            };
        }
    }
}
