package io.culvert.linux.nftables;

import static io.culvert.linux.nftables.NfNumbers.REGISTER;

import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.MessageWriter;

/** Writes steps as the kernel's expressions: load into a register, change it there, use it. */
final class ExpressionWriter {
    private final MessageWriter out;

    ExpressionWriter(MessageWriter out) {
        this.out = out;
    }

    void write(NfExpression step) {
        switch (step) {
            case NfExpression.Match match -> match(match);
            case NfExpression.InSet in -> inSet(in);
            case NfExpression.Assign assign -> {
                constant(assign.value());
                store(assign.target());
            }
            case NfExpression.Copy copy -> {
                load(copy.source());
                bitwise(copy.mask(), copy.xor());
                store(copy.target());
            }
            case NfExpression.Counter _ -> close(open("counter"));
            case NfExpression.Accept _ -> verdict(NfNumbers.VERDICT_ACCEPT, "");
            case NfExpression.Drop _ -> verdict(NfNumbers.VERDICT_DROP, "");
            case NfExpression.Return _ -> verdict(NfNumbers.VERDICT_RETURN, "");
            case NfExpression.Jump jump -> verdict(NfNumbers.VERDICT_JUMP, jump.chain());
            case NfExpression.GoTo goTo -> verdict(NfNumbers.VERDICT_GOTO, goTo.chain());
            case NfExpression.Redirect redirect -> {
                constant(NfValue.port(redirect.port()));
                long expression = open("redir");
                out.attributeU32BigEndian(1, REGISTER);
                close(expression);
            }
            case NfExpression.SourceNat nat -> sourceNat(nat);
            case NfExpression.NoTrack _ -> close(open("notrack"));
            case NfExpression.Unknown unknown ->
                throw new IllegalArgumentException("cannot write what could not be read: " + unknown.name());
        }
    }

    private void match(NfExpression.Match match) {
        load(match.field());
        bitwise(match.mask(), NfValue.zeros(match.mask().length()));
        long expression = open("cmp");
        out.attributeU32BigEndian(1, REGISTER)
                .attributeU32BigEndian(2, match.test().number());
        data(3, match.value());
        close(expression);
    }

    private void inSet(NfExpression.InSet in) {
        load(in.field());
        long expression = open("lookup");
        out.attribute(1, in.set()).attributeU32BigEndian(2, REGISTER);
        if (in.negated()) {
            out.attributeU32BigEndian(5, 1);
        }
        close(expression);
    }

    private void load(NfField field) {
        switch (field) {
            case NfField.Payload(var base, int offset, int length) -> {
                long expression = open("payload");
                out.attributeU32BigEndian(1, REGISTER)
                        .attributeU32BigEndian(2, base.number())
                        .attributeU32BigEndian(3, offset)
                        .attributeU32BigEndian(4, length);
                close(expression);
            }
            case NfField.Meta meta -> keyed("meta", meta.number(), 2, 1);
            case NfField.Ct ct -> keyed("ct", ct.number(), 2, 1);
            case NfField.Socket socket -> keyed("socket", socket.number(), 1, 2);
        }
    }

    private void store(NfField target) {
        switch (target) {
            case NfField.Meta meta -> keyed("meta", meta.number(), 2, 3);
            case NfField.Ct ct -> keyed("ct", ct.number(), 2, 4);
            case NfField.Payload _, NfField.Socket _ ->
                throw new IllegalArgumentException("a rule cannot write " + target);
        }
    }

    private void keyed(String name, int key, int keyAttribute, int registerAttribute) {
        long expression = open(name);
        out.attributeU32BigEndian(keyAttribute, key).attributeU32BigEndian(registerAttribute, REGISTER);
        close(expression);
    }

    /** {@code register = register & mask ^ xor}; nothing if that changes nothing. */
    private void bitwise(NfValue mask, NfValue xor) {
        if (mask.isAllOnes() && xor.equals(NfValue.zeros(xor.length()))) {
            return;
        }
        long expression = open("bitwise");
        out.attributeU32BigEndian(1, REGISTER)
                .attributeU32BigEndian(2, REGISTER)
                .attributeU32BigEndian(3, mask.length());
        data(4, mask);
        data(5, xor);
        close(expression);
    }

    private void constant(NfValue value) {
        long expression = open("immediate");
        out.attributeU32BigEndian(1, REGISTER);
        data(2, value);
        close(expression);
    }

    private void verdict(int code, String chain) {
        long expression = open("immediate");
        out.attributeU32BigEndian(1, NfNumbers.REGISTER_VERDICT);
        int data = out.nest(2);
        int verdict = out.nest(NfNumbers.DATA_VERDICT);
        out.attributeU32BigEndian(NfNumbers.VERDICT_CODE, code);
        if (!chain.isEmpty()) {
            out.attribute(NfNumbers.VERDICT_CHAIN, chain);
        }
        out.close(verdict).close(data);
        close(expression);
    }

    private void sourceNat(NfExpression.SourceNat nat) {
        constant(NfValue.address(nat.address()));
        long expression = open("nat");
        out.attributeU32BigEndian(1, 0)
                .attributeU32BigEndian(2, IpFamily.of(nat.address()).number())
                .attributeU32BigEndian(3, REGISTER);
        close(expression);
    }

    private void data(int type, NfValue value) {
        int nest = out.nest(type);
        out.attribute(NfNumbers.DATA_VALUE, value.toBytes()).close(nest);
    }

    /** Opens a list element and in it the expression's data: two nests in one number. */
    private long open(String name) {
        int element = out.nest(NfNumbers.LIST_ELEM);
        out.attribute(NfNumbers.EXPRESSION_NAME, name);
        int data = out.nest(NfNumbers.EXPRESSION_DATA);
        return ((long) element << 32) | data;
    }

    private void close(long expression) {
        out.close((int) expression).close((int) (expression >>> 32));
    }
}
