package io.culvert.linux.nftables;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;

/** One step of a rule. Steps run in order; a test that fails ends the rule, a verdict ends it or the chain. */
public sealed interface NfExpression {

    /** Goes on if {@code (field & mask) test value}. */
    record Match(NfField field, NfValue mask, Test test, NfValue value) implements NfExpression {
        public Match {
            if (mask.length() != field.length() || value.length() != field.length()) {
                throw new IllegalArgumentException(
                        field + " has " + field.length() + " bytes; mask " + mask + ", value " + value);
            }
        }

        public Match(NfField field, Test test, NfValue value) {
            this(field, NfValue.allOnes(field.length()), test, value);
        }
    }

    /** How to compare (NFT_CMP_*); all but equality make sense in network order only. */
    enum Test {
        EQUAL(0),
        NOT_EQUAL(1),
        LESS(2),
        LESS_OR_EQUAL(3),
        GREATER(4),
        GREATER_OR_EQUAL(5);

        private final int number;

        Test(int number) {
            this.number = number;
        }

        int number() {
            return number;
        }

        static Optional<Test> of(int number) {
            return Arrays.stream(values()).filter(t -> t.number == number).findAny();
        }
    }

    /** Goes on if the set, of the same table, has the field's value; or, negated, if it has not. */
    record InSet(NfField field, String set, boolean negated) implements NfExpression {
        public InSet {
            Names.check(set);
        }
    }

    /** Writes a constant: META MARK, CT MARK and CT ZONE can be written. */
    record Assign(NfField target, NfValue value) implements NfExpression {
        public Assign {
            if (value.length() != target.length()) {
                throw new IllegalArgumentException(target + " has " + target.length() + " bytes; value " + value);
            }
        }
    }

    /** Writes {@code (source & mask) ^ xor}. */
    record Copy(NfField target, NfField source, NfValue mask, NfValue xor) implements NfExpression {
        public Copy {
            int length = target.length();
            if (source.length() != length || mask.length() != length || xor.length() != length) {
                throw new IllegalArgumentException(
                        target + " has " + length + " bytes; source " + source + ", mask " + mask + ", xor " + xor);
            }
        }

        public Copy(NfField target, NfField source) {
            this(target, source, NfValue.allOnes(source.length()), NfValue.zeros(source.length()));
        }
    }

    /** Counts the packets that come by. Counters are equal whatever they have counted. */
    record Counter(long packets, long bytes) implements NfExpression {
        @Override
        public boolean equals(Object other) {
            return other instanceof Counter;
        }

        @Override
        public int hashCode() {
            return Counter.class.hashCode();
        }
    }

    /** Lets the packet through this base chain. */
    record Accept() implements NfExpression {}

    record Drop() implements NfExpression {}

    /** Goes back to the rule behind the jump. */
    record Return() implements NfExpression {}

    record Jump(String chain) implements NfExpression {
        public Jump {
            Names.check(chain);
        }
    }

    /** As a jump that is never returned from. */
    record GoTo(String chain) implements NfExpression {
        public GoTo {
            Names.check(chain);
        }
    }

    /** Sends the connection to a port of this host, by its own address. In nat chains at prerouting and output. */
    record Redirect(int port) implements NfExpression {
        public Redirect {
            if (port < 1 || port > 0xffff) {
                throw new IllegalArgumentException("port " + port);
            }
        }
    }

    /** Gives the connection another source address. In nat chains at postrouting and input. */
    record SourceNat(InetAddress address) implements NfExpression {}

    /** Keeps the packet out of connection tracking. In chains with a priority before tracking (raw). */
    record NoTrack() implements NfExpression {}

    /**
     * Something that another program wrote and this package has no words for.
     *
     * @param name the kernel's name of the expression
     * @param data its attributes
     */
    record Unknown(String name, NfValue data) implements NfExpression {}
}
