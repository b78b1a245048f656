package io.culvert.xds.mesh;

import java.util.AbstractCollection;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of entries that carry their own keys, whose changed copies share all but one path with the original:
 * a change costs O(log64 n) small arrays, whatever the size, and readers need no lock. This is what makes a push cost
 * what it changes; that entries are their own keys is what makes an index of them cost a dozen bytes an entry.
 *
 * <p>A compressed hash-array mapped prefix tree: each node consumes six bits of the hash. Its slots hold first the
 * entries that end here, in the order of their bits, then the sub-nodes, from the end backwards. A sub-node that is
 * left with one entry is folded into its parent, so that equal contents have equal shapes. Entries whose hashes agree
 * in all 32 bits share a node that is searched one by one. (Steindorfer and Vinju, OOPSLA 2015.)
 *
 * <p>Of a large set most nodes have two slots, and a look at random finds none of it in the processor's caches: those
 * keep their slots themselves, which is one object to load where it would be two.
 */
final class SharedSet<E> {
    private static final int BITS = 6;
    private static final int HASH_BITS = 32;

    private final Keys<E> keys;
    private final Node root;
    private final int size;

    private SharedSet(Keys<E> keys, Node root, int size) {
        this.keys = keys;
        this.root = root;
        this.size = size;
    }

    static <E> SharedSet<E> empty(Keys<E> keys) {
        return new SharedSet<>(keys, Wide.EMPTY, 0);
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** The entry of that key. */
    @SuppressWarnings("unchecked") // only E was ever put
    @Nullable
    E find(Object first, Object second) {
        int hash = Keys.hash(first, second);
        Node node = root;
        for (int shift = 0; shift < HASH_BITS; shift += BITS) {
            long bit = 1L << (hash >>> shift);
            if ((node.entries & bit) != 0) {
                E entry = (E) node.slot(Long.bitCount(node.entries & (bit - 1)));
                return keys.match(entry, first, second) ? entry : null;
            }
            if ((node.nodes & bit) == 0) {
                return null;
            }
            node = (Node) node.slot(node.nodeAt(bit));
        }
        int at = node.indexOf((Keys<Object>) keys, first, second);
        return at < 0 ? null : (E) node.slot(at);
    }

    /** With that entry, in place of the one of the same key. */
    @SuppressWarnings("unchecked") // the tree sees entries through their keys alone
    SharedSet<E> with(E entry) {
        boolean replaces = find(keys.first(entry), keys.second(entry)) != null;
        Node changed = root.with((Keys<Object>) keys, entry, keys.hash(entry), 0);
        return new SharedSet<>(keys, changed, replaces ? size : size + 1);
    }

    /** Without the entry of that key; the same set if it has none. */
    @SuppressWarnings("unchecked") // the tree sees entries through their keys alone
    SharedSet<E> without(Object first, Object second) {
        if (find(first, second) == null) {
            return this;
        }
        Node changed = root.without((Keys<Object>) keys, first, second, Keys.hash(first, second), 0);
        return new SharedSet<>(keys, changed, size - 1);
    }

    /** In no particular order. */
    Collection<E> values() {
        return new AbstractCollection<>() {
            @Override
            public Iterator<E> iterator() {
                return new EntryIterator<>(root);
            }

            @Override
            public int size() {
                return size;
            }
        };
    }

    /**
     * Shows the entries, in no particular order but always the same, until the visitor has seen enough. Makes no
     * object.
     *
     * @param goOn whether to show another
     * @return whether it was shown all
     */
    @SuppressWarnings("unchecked") // only E was ever put
    boolean visit(Predicate<? super E> goOn) {
        return root.visit((Predicate<Object>) goOn);
    }

    private abstract static sealed class Node permits Wide, Pair {
        final long entries;
        final long nodes;

        Node(long entries, long nodes) {
            this.entries = entries;
            this.nodes = nodes;
        }

        /** Of that shape; the slots become the node's. */
        static Node of(long entries, long nodes, Object[] slots) {
            return slots.length == 2 ? new Pair(entries, nodes, slots[0], slots[1]) : new Wide(entries, nodes, slots);
        }

        abstract Object slot(int at);

        /** How many slots there are. */
        abstract int count();

        /** To be copied, never to be written to. */
        abstract Object[] slots();

        Node with(Keys<Object> keys, Object entry, int hash, int shift) {
            if (shift >= HASH_BITS) {
                int at = indexOf(keys, keys.first(entry), keys.second(entry));
                return Node.of(0, 0, at < 0 ? inserted(count(), entry) : replaced(at, entry));
            }
            long bit = 1L << (hash >>> shift);
            if ((nodes & bit) != 0) {
                int at = nodeAt(bit);
                Node child = ((Node) slot(at)).with(keys, entry, hash, shift + BITS);
                return Node.of(entries, nodes, replaced(at, child));
            }
            int at = entryAt(bit);
            if ((entries & bit) == 0) {
                return Node.of(entries | bit, nodes, inserted(at, entry));
            }
            Object present = slot(at);
            if (keys.match(present, keys.first(entry), keys.second(entry))) {
                return Node.of(entries, nodes, replaced(at, entry));
            }
            Node both = Wide.EMPTY
                    .with(keys, present, keys.hash(present), shift + BITS)
                    .with(keys, entry, hash, shift + BITS);
            return entryToNode(bit, at, both);
        }

        Node without(Keys<Object> keys, Object first, Object second, int hash, int shift) {
            if (shift >= HASH_BITS) {
                return Node.of(0, 0, removed(indexOf(keys, first, second)));
            }
            long bit = 1L << (hash >>> shift);
            if ((entries & bit) != 0) {
                return Node.of(entries ^ bit, nodes, removed(entryAt(bit)));
            }
            int at = nodeAt(bit);
            Node child = ((Node) slot(at)).without(keys, first, second, hash, shift + BITS);
            boolean single = child.count() == 1 && child.nodes == 0;
            return single ? nodeToEntry(bit, at, child.slot(0)) : Node.of(entries, nodes, replaced(at, child));
        }

        /** The slots between the two places move by one towards the entry's former place. */
        private Node entryToNode(long bit, int at, Node child) {
            int nodeAt = count() - 1 - Long.bitCount(nodes & (bit - 1));
            Object[] slots = slots();
            Object[] result = slots.clone();
            System.arraycopy(slots, at + 1, result, at, nodeAt - at);
            result[nodeAt] = child;
            return Node.of(entries ^ bit, nodes | bit, result);
        }

        private Node nodeToEntry(long bit, int at, Object entry) {
            int entryAt = entryAt(bit);
            Object[] slots = slots();
            Object[] result = slots.clone();
            System.arraycopy(slots, entryAt, result, entryAt + 1, at - entryAt);
            result[entryAt] = entry;
            return Node.of(entries | bit, nodes ^ bit, result);
        }

        private int entryAt(long bit) {
            return Long.bitCount(entries & (bit - 1));
        }

        int nodeAt(long bit) {
            return count() - 1 - Long.bitCount(nodes & (bit - 1));
        }

        /** In a node of equal hashes. */
        int indexOf(Keys<Object> keys, Object first, Object second) {
            for (int i = 0; i < count(); i++) {
                if (keys.match(slot(i), first, second)) {
                    return i;
                }
            }
            return -1;
        }

        private Object[] replaced(int at, Object slot) {
            Object[] slots = slots();
            Object[] result = slots.clone();
            result[at] = slot;
            return result;
        }

        private Object[] removed(int at) {
            Object[] slots = slots();
            Object[] result = Arrays.copyOf(slots, count() - 1);
            System.arraycopy(slots, at + 1, result, at, count() - at - 1);
            return result;
        }

        private Object[] inserted(int at, Object entry) {
            Object[] slots = slots();
            Object[] result = Arrays.copyOf(slots, count() + 1);
            System.arraycopy(slots, at, result, at + 1, count() - at);
            result[at] = entry;
            return result;
        }

        private int entriesHere() {
            return count() - Long.bitCount(nodes);
        }

        boolean visit(Predicate<Object> goOn) {
            int own = entriesHere();
            for (int i = 0; i < own; i++) {
                if (!goOn.test(slot(i))) {
                    return false;
                }
            }
            for (int i = own; i < count(); i++) {
                if (!((Node) slot(i)).visit(goOn)) {
                    return false;
                }
            }
            return true;
        }
    }

    /** Any number of slots. */
    private static final class Wide extends Node {
        static final Node EMPTY = new Wide(0, 0, new Object[0]);

        private final Object[] slots;

        Wide(long entries, long nodes, Object[] slots) {
            super(entries, nodes);
            this.slots = slots;
        }

        @Override
        Object slot(int at) {
            return slots[at];
        }

        @Override
        int count() {
            return slots.length;
        }

        @Override
        Object[] slots() {
            return slots;
        }
    }

    /** Two slots, of whatever kind. */
    private static final class Pair extends Node {
        private final Object first;
        private final Object second;

        Pair(long entries, long nodes, Object first, Object second) {
            super(entries, nodes);
            this.first = first;
            this.second = second;
        }

        @Override
        Object slot(int at) {
            return at == 0 ? first : second;
        }

        @Override
        int count() {
            return 2;
        }

        @Override
        Object[] slots() {
            return new Object[] {first, second};
        }
    }

    private static final class EntryIterator<E> implements Iterator<E> {
        private final ArrayDeque<Node> pending = new ArrayDeque<>();
        private @Nullable Node node;
        private int next;

        EntryIterator(Node root) {
            node = root;
            settle();
        }

        /** Moves on to the next node that has entries, if this one has no more. */
        private void settle() {
            Node at = node;
            while (at != null && next >= at.entriesHere()) {
                for (int i = at.entriesHere(); i < at.count(); i++) {
                    pending.push((Node) at.slot(i));
                }
                at = pending.poll();
                next = 0;
            }
            node = at;
        }

        @Override
        public boolean hasNext() {
            return node != null;
        }

        @Override
        @SuppressWarnings("unchecked") // only E was ever put
        public E next() {
            if (node == null) {
                throw new NoSuchElementException();
            }
            E entry = (E) Objects.requireNonNull(node.slot(next));
            next++;
            settle();
            return entry;
        }
    }
}
