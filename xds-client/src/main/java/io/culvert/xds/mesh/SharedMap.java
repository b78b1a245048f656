package io.culvert.xds.mesh;

import java.util.AbstractCollection;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable hash map whose changed copies share all but one path with the original: a change costs O(log32 n) small
 * arrays, whatever the size, and readers need no lock. This is what makes a push cost what it changes.
 *
 * <p>A compressed hash-array mapped prefix tree: each node consumes five bits of the (mixed) hash. Its slots hold first
 * the pairs that end here, in the order of their bits, then the sub-nodes, from the end backwards. A sub-node that is
 * left with one pair is folded into its parent, so that equal contents have equal shapes. Keys whose hashes agree in
 * all 32 bits share a node that is searched one by one. (Steindorfer and Vinju, OOPSLA 2015.)
 */
final class SharedMap<K, V> {
    private static final int BITS = 5;
    private static final int HASH_BITS = 32;
    private static final SharedMap<?, ?> EMPTY = new SharedMap<>(new Node(0, 0, new Object[0]), 0);

    private final Node root;
    private final int size;

    private SharedMap(Node root, int size) {
        this.root = root;
        this.size = size;
    }

    @SuppressWarnings("unchecked") // it holds neither keys nor values
    static <K, V> SharedMap<K, V> empty() {
        return (SharedMap<K, V>) EMPTY;
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    @SuppressWarnings("unchecked") // only V was ever put
    @Nullable
    V get(Object key) {
        return (V) root.get(key, hash(key));
    }

    /** With that pair, in place of what the key had; the same map if it had an equal value. */
    SharedMap<K, V> with(K key, V value) {
        Object previous = get(key);
        if (value.equals(previous)) {
            return this;
        }
        return new SharedMap<>(root.with(key, value, hash(key), 0), previous == null ? size + 1 : size);
    }

    /** Without that key; the same map if it has none. */
    SharedMap<K, V> without(K key) {
        if (get(key) == null) {
            return this;
        }
        return size == 1 ? empty() : new SharedMap<>(root.without(key, hash(key), 0), size - 1);
    }

    /** In no particular order. */
    Collection<V> values() {
        return new AbstractCollection<>() {
            @Override
            public Iterator<V> iterator() {
                return new ValueIterator<>(root);
            }

            @Override
            public int size() {
                return size;
            }
        };
    }

    @SuppressWarnings("unchecked") // only K and V were ever put
    void forEach(BiConsumer<? super K, ? super V> action) {
        root.forEach((key, value) -> action.accept((K) key, (V) value));
    }

    /** Spreads hashes that differ in few bits over all five-bit steps (the finaliser of MurmurHash3). */
    private static int hash(Object key) {
        int h = key.hashCode();
        h = (h ^ h >>> 16) * 0x85ebca6b;
        h = (h ^ h >>> 13) * 0xc2b2ae35;
        return h ^ h >>> 16;
    }

    private static final class Node {
        final int pairs;
        final int nodes;
        final Object[] slots;

        Node(int pairs, int nodes, Object[] slots) {
            this.pairs = pairs;
            this.nodes = nodes;
            this.slots = slots;
        }

        @Nullable
        Object get(Object key, int hash) {
            Node node = this;
            for (int shift = 0; shift < HASH_BITS; shift += BITS) {
                int bit = 1 << (hash >>> shift);
                if ((node.pairs & bit) != 0) {
                    int at = node.pairAt(bit);
                    return node.slots[at].equals(key) ? node.slots[at + 1] : null;
                }
                if ((node.nodes & bit) == 0) {
                    return null;
                }
                node = (Node) node.slots[node.nodeAt(bit)];
            }
            int at = node.indexOf(key);
            return at < 0 ? null : node.slots[at + 1];
        }

        Node with(Object key, Object value, int hash, int shift) {
            if (shift >= HASH_BITS) {
                int at = indexOf(key);
                return new Node(0, 0, at < 0 ? inserted(slots, slots.length, key, value) : replaced(at + 1, value));
            }
            int bit = 1 << (hash >>> shift);
            if ((nodes & bit) != 0) {
                int at = nodeAt(bit);
                return new Node(pairs, nodes, replaced(at, ((Node) slots[at]).with(key, value, hash, shift + BITS)));
            }
            if ((pairs & bit) == 0) {
                return new Node(pairs | bit, nodes, inserted(slots, pairAt(bit), key, value));
            }
            int at = pairAt(bit);
            if (slots[at].equals(key)) {
                return new Node(pairs, nodes, replaced(at + 1, value));
            }
            Node pair = new Node(0, 0, new Object[0])
                    .with(slots[at], slots[at + 1], hash(slots[at]), shift + BITS)
                    .with(key, value, hash, shift + BITS);
            return pairToNode(bit, at, pair);
        }

        Node without(Object key, int hash, int shift) {
            if (shift >= HASH_BITS) {
                return new Node(0, 0, removed(indexOf(key)));
            }
            int bit = 1 << (hash >>> shift);
            if ((pairs & bit) != 0) {
                return new Node(pairs ^ bit, nodes, removed(pairAt(bit)));
            }
            int at = nodeAt(bit);
            Node child = ((Node) slots[at]).without(key, hash, shift + BITS);
            boolean single = child.slots.length == 2 && child.nodes == 0;
            return single ? nodeToPair(bit, at, child) : new Node(pairs, nodes, replaced(at, child));
        }

        private Node pairToNode(int bit, int at, Node child) {
            Object[] result = new Object[slots.length - 1];
            int nodeAt = slots.length - 2 - Integer.bitCount(nodes & (bit - 1));
            System.arraycopy(slots, 0, result, 0, at);
            System.arraycopy(slots, at + 2, result, at, nodeAt - at);
            result[nodeAt] = child;
            System.arraycopy(slots, nodeAt + 2, result, nodeAt + 1, slots.length - nodeAt - 2);
            return new Node(pairs ^ bit, nodes | bit, result);
        }

        private Node nodeToPair(int bit, int at, Node child) {
            Object[] result = new Object[slots.length + 1];
            int pairAt = pairAt(bit);
            System.arraycopy(slots, 0, result, 0, pairAt);
            result[pairAt] = child.slots[0];
            result[pairAt + 1] = child.slots[1];
            System.arraycopy(slots, pairAt, result, pairAt + 2, at - pairAt);
            System.arraycopy(slots, at + 1, result, at + 2, slots.length - at - 1);
            return new Node(pairs | bit, nodes ^ bit, result);
        }

        private int pairAt(int bit) {
            return 2 * Integer.bitCount(pairs & (bit - 1));
        }

        private int nodeAt(int bit) {
            return slots.length - 1 - Integer.bitCount(nodes & (bit - 1));
        }

        private int indexOf(Object key) {
            for (int i = 0; i < slots.length; i += 2) {
                if (slots[i].equals(key)) {
                    return i;
                }
            }
            return -1;
        }

        private Object[] replaced(int at, Object value) {
            Object[] result = slots.clone();
            result[at] = value;
            return result;
        }

        private Object[] removed(int at) {
            Object[] result = Arrays.copyOf(slots, slots.length - 2);
            System.arraycopy(slots, at + 2, result, at, slots.length - at - 2);
            return result;
        }

        private static Object[] inserted(Object[] slots, int at, Object key, Object value) {
            Object[] result = Arrays.copyOf(slots, slots.length + 2);
            System.arraycopy(slots, at, result, at + 2, slots.length - at);
            result[at] = key;
            result[at + 1] = value;
            return result;
        }

        void forEach(BiConsumer<Object, Object> action) {
            int pairSlots = slots.length - Integer.bitCount(nodes);
            for (int i = 0; i < pairSlots; i += 2) {
                action.accept(slots[i], slots[i + 1]);
            }
            for (int i = pairSlots; i < slots.length; i++) {
                ((Node) slots[i]).forEach(action);
            }
        }
    }

    private static final class ValueIterator<V> implements Iterator<V> {
        private final ArrayDeque<Node> pending = new ArrayDeque<>();
        private Node node;
        private int next = 1;

        ValueIterator(Node root) {
            node = root;
            settle();
        }

        /** Moves on to the next node that has pairs, if this one has no more. */
        private void settle() {
            while (next >= node.slots.length - Integer.bitCount(node.nodes)) {
                for (int i = node.slots.length - Integer.bitCount(node.nodes); i < node.slots.length; i++) {
                    pending.push((Node) node.slots[i]);
                }
                Node following = pending.poll();
                if (following == null) {
                    next = Integer.MAX_VALUE;
                    return;
                }
                node = following;
                next = 1;
            }
        }

        @Override
        public boolean hasNext() {
            return next != Integer.MAX_VALUE;
        }

        @Override
        @SuppressWarnings("unchecked") // only V was ever put
        public V next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            V value = (V) Objects.requireNonNull(node.slots[next]);
            next += 2;
            settle();
            return value;
        }
    }
}
