package io.culvert.xds.mesh;

/**
 * How the entries of a {@link SharedSet} tell their keys. A key has two parts, so that looking for an address within a
 * network, or for a name within a namespace, makes no object; where one part is enough, the other is the empty text.
 */
abstract class Keys<E> {
    abstract Object first(E entry);

    abstract Object second(E entry);

    /** Whether that is the entry's key; to be spelled out where the parts' types are known, for it is on every look. */
    boolean match(E entry, Object first, Object second) {
        return second(entry).equals(second) && first(entry).equals(first);
    }

    final int hash(E entry) {
        return hash(first(entry), second(entry));
    }

    /**
     * Equality of texts. C1 compares one byte a turn in {@link String#equals}, which is an intrinsic for C2 alone, and
     * eight or more in {@link String#startsWith}, which calls a stub that C1 has, too. A uid has sixty bytes.
     */
    @SuppressWarnings("ReferenceEquality") // a short cut
    static boolean same(String one, Object other) {
        return one == other || (other instanceof String text && one.length() == text.length() && one.startsWith(text));
    }

    /** Spreads hashes that differ in few bits over all steps (the finaliser of MurmurHash3). */
    static int hash(Object first, Object second) {
        int h = first.hashCode() * 31 + second.hashCode();
        h = (h ^ h >>> 16) * 0x85ebca6b;
        h = (h ^ h >>> 13) * 0xc2b2ae35;
        return h ^ h >>> 16;
    }
}
