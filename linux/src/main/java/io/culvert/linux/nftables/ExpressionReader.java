package io.culvert.linux.nftables;

import io.culvert.linux.Errno;
import io.culvert.linux.KernelException;
import io.culvert.linux.netlink.Attributes;
import io.culvert.linux.netlink.IpFamily;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the kernel's expressions back into steps, by following what is in each register. What has no step, or uses a
 * register in a way that no step does, becomes {@link NfExpression.Unknown}.
 */
final class ExpressionReader {
    private final Map<Integer, Operand> registers = new HashMap<>();
    private final List<NfExpression> steps = new ArrayList<>();

    static NfRule read(Attributes expressions) throws KernelException {
        ExpressionReader reader = new ExpressionReader();
        for (Attributes.Attribute element : expressions.all()) {
            reader.expression(element.nested());
        }
        return new NfRule(reader.steps);
    }

    private void expression(Attributes expression) throws KernelException {
        String name = expression.string(NfNumbers.EXPRESSION_NAME);
        Attributes data = expression.nested(NfNumbers.EXPRESSION_DATA);
        boolean understood = switch (name) {
            case "meta" -> metaOrCt(data, NfField.Meta.of(number(data, 2)), 3);
            case "ct" -> !data.has(3) && metaOrCt(data, NfField.Ct.of(number(data, 2)), 4);
            case "socket" -> load(data, 2, NfField.Socket.of(number(data, 1)));
            case "payload" -> payload(data);
            case "bitwise" -> bitwise(data);
            case "cmp" -> compare(data);
            case "lookup" -> lookup(data);
            case "immediate" -> immediate(data);
            case "counter" -> emit(new NfExpression.Counter(data.u64BigEndian(2, 0), data.u64BigEndian(1, 0)));
            case "redir" -> redirect(data);
            case "nat" -> nat(data);
            case "notrack" -> emit(new NfExpression.NoTrack());
            default -> false;
        };
        if (!understood) {
            emit(new NfExpression.Unknown(name, NfValue.of(expression.bytes(NfNumbers.EXPRESSION_DATA))));
        }
    }

    private boolean emit(NfExpression step) {
        steps.add(step);
        return true;
    }

    private boolean load(Attributes data, int registerAttribute, Optional<? extends NfField> field)
            throws KernelException {
        if (field.isEmpty()) {
            registers.remove(number(data, registerAttribute));
            return false;
        }
        registers.put(number(data, registerAttribute), Loaded.whole(field.get()));
        return true;
    }

    private boolean metaOrCt(Attributes data, Optional<? extends NfField> field, int sourceAttribute)
            throws KernelException {
        if (!data.has(sourceAttribute)) {
            return load(data, 1, field);
        }
        Operand source = registers.get(number(data, sourceAttribute));
        if (field.isEmpty() || source == null || source.length() != field.get().length()) {
            return false;
        }
        return emit(
                switch (source) {
                    case Constant(NfValue value) -> new NfExpression.Assign(field.get(), value);
                    case Loaded(NfField from, NfValue mask, NfValue xor) ->
                        new NfExpression.Copy(field.get(), from, mask, xor);
                });
    }

    private boolean payload(Attributes data) throws KernelException {
        if (!data.has(1)) {
            return false; // it writes into the packet
        }
        int offset = number(data, 3);
        int length = number(data, 4);
        return load(
                data,
                1,
                NfField.Payload.Base.of(number(data, 2)).map(base -> new NfField.Payload(base, offset, length)));
    }

    private boolean bitwise(Attributes data) throws KernelException {
        NfValue mask = value(data, 4);
        NfValue xor = value(data, 5);
        boolean plain = data.u32BigEndian(6, 0) == 0
                && registers.get(number(data, 1)) instanceof Loaded loaded
                && loaded.isWhole()
                && mask.length() == loaded.length()
                && xor.length() == loaded.length();
        if (plain && registers.get(number(data, 1)) instanceof Loaded(NfField field, NfValue _, NfValue _)) {
            registers.put(number(data, 2), new Loaded(field, mask, xor));
        } else {
            registers.remove(number(data, 2));
        }
        return plain;
    }

    private boolean compare(Attributes data) throws KernelException {
        Optional<NfExpression.Test> test = NfExpression.Test.of(number(data, 2));
        NfValue value = value(data, 3);
        return test.isPresent()
                && registers.get(number(data, 1)) instanceof Loaded(NfField field, NfValue mask, NfValue xor)
                && xor.equals(NfValue.zeros(xor.length()))
                && value.length() == field.length()
                && emit(new NfExpression.Match(field, mask, test.get(), value));
    }

    private boolean lookup(Attributes data) throws KernelException {
        boolean plain = !data.has(3)
                && registers.get(number(data, 2)) instanceof Loaded loaded
                && loaded.isWhole()
                && !data.string(1).startsWith("__set"); // an anonymous set, whose elements are part of the rule
        return plain
                && registers.get(number(data, 2)) instanceof Loaded(NfField field, NfValue _, NfValue _)
                && emit(new NfExpression.InSet(field, data.string(1), data.u32BigEndian(5, 0) == 1));
    }

    private boolean immediate(Attributes data) throws KernelException {
        if (number(data, 1) != NfNumbers.REGISTER_VERDICT) {
            registers.put(number(data, 1), new Constant(value(data, 2)));
            return true;
        }
        Attributes verdict = data.nested(2).nested(NfNumbers.DATA_VERDICT);
        String chain = verdict.string(NfNumbers.VERDICT_CHAIN);
        return switch (number(verdict, NfNumbers.VERDICT_CODE)) {
            case NfNumbers.VERDICT_ACCEPT -> emit(new NfExpression.Accept());
            case NfNumbers.VERDICT_DROP -> emit(new NfExpression.Drop());
            case NfNumbers.VERDICT_RETURN -> emit(new NfExpression.Return());
            case NfNumbers.VERDICT_JUMP -> emit(new NfExpression.Jump(chain));
            case NfNumbers.VERDICT_GOTO -> emit(new NfExpression.GoTo(chain));
            default -> false;
        };
    }

    private boolean redirect(Attributes data) throws KernelException {
        final int portGiven = 2;
        int low = data.u32BigEndian(1, 0);
        boolean plain = data.u32BigEndian(2, low) == low && data.u32BigEndian(3, portGiven) == portGiven;
        if (!plain || !(registers.get(low) instanceof Constant(NfValue value)) || value.length() != 2) {
            return false;
        }
        byte[] port = value.toBytes();
        int number = (Byte.toUnsignedInt(port[0]) << 8) | Byte.toUnsignedInt(port[1]);
        return number > 0 && emit(new NfExpression.Redirect(number));
    }

    private boolean nat(Attributes data) throws KernelException {
        final int addressGiven = 1;
        int low = data.u32BigEndian(3, 0);
        boolean plain = data.u32BigEndian(1, -1) == 0
                && data.u32BigEndian(4, low) == low
                && !data.has(5)
                && data.u32BigEndian(7, addressGiven) == addressGiven;
        if (!plain || !(registers.get(low) instanceof Constant(NfValue value))) {
            return false;
        }
        try {
            InetAddress address = InetAddress.getByAddress(value.toBytes());
            return IpFamily.of(address).number() == number(data, 2) && emit(new NfExpression.SourceNat(address));
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static int number(Attributes data, int type) throws KernelException {
        if (!data.has(type)) {
            throw new KernelException(Errno.EPROTO, "read an nf_tables expression", "no attribute " + type);
        }
        return data.u32BigEndian(type, 0);
    }

    private static NfValue value(Attributes data, int type) throws KernelException {
        return NfValue.of(data.nested(type).bytes(NfNumbers.DATA_VALUE));
    }

    /** What is in a register. */
    private sealed interface Operand {
        int length();
    }

    private record Constant(NfValue value) implements Operand {
        @Override
        public int length() {
            return value.length();
        }
    }

    private record Loaded(NfField field, NfValue mask, NfValue xor) implements Operand {
        static Loaded whole(NfField field) {
            return new Loaded(field, NfValue.allOnes(field.length()), NfValue.zeros(field.length()));
        }

        boolean isWhole() {
            return mask.isAllOnes() && xor.equals(NfValue.zeros(xor.length()));
        }

        @Override
        public int length() {
            return field.length();
        }
    }
}
