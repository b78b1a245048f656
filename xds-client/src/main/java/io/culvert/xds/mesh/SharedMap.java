package io.culvert.xds.mesh;

import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Iterator;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** An immutable map of the kind that {@link SharedSet} is, for values that do not carry their keys. */
final class SharedMap<K, V> {
    private static final Keys<Pair<?, ?>> PAIRS = new Keys<>() {
        @Override
        Object first(Pair<?, ?> pair) {
            return pair.key;
        }

        @Override
        Object second(Pair<?, ?> pair) {
            return "";
        }

        @Override
        boolean match(Pair<?, ?> pair, Object first, Object second) {
            return pair.key.equals(first);
        }
    };

    private static final SharedMap<?, ?> EMPTY = new SharedMap<>(SharedSet.empty(PAIRS));

    private final SharedSet<Pair<?, ?>> pairs;

    private SharedMap(SharedSet<Pair<?, ?>> pairs) {
        this.pairs = pairs;
    }

    @SuppressWarnings("unchecked") // it holds neither keys nor values
    static <K, V> SharedMap<K, V> empty() {
        return (SharedMap<K, V>) EMPTY;
    }

    int size() {
        return pairs.size();
    }

    boolean isEmpty() {
        return pairs.isEmpty();
    }

    @SuppressWarnings("unchecked") // only V was ever put
    @Nullable
    V get(Object key) {
        Pair<?, ?> pair = pairs.find(key, "");
        return pair == null ? null : (V) pair.value;
    }

    /** With that pair, in place of what the key had; the same map if it had an equal value. */
    SharedMap<K, V> with(K key, V value) {
        return value.equals(get(key)) ? this : new SharedMap<>(pairs.with(new Pair<>(key, value)));
    }

    /** Without that key; the same map if it has none. */
    SharedMap<K, V> without(K key) {
        SharedSet<Pair<?, ?>> rest = pairs.without(key, "");
        return rest.size() == pairs.size() ? this : new SharedMap<>(rest);
    }

    /** In no particular order. */
    Collection<V> values() {
        return new AbstractCollection<>() {
            @Override
            public Iterator<V> iterator() {
                Iterator<Pair<?, ?>> all = pairs.values().iterator();
                return new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return all.hasNext();
                    }

                    @Override
                    @SuppressWarnings("unchecked") // only V was ever put
                    public V next() {
                        return (V) all.next().value;
                    }
                };
            }

            @Override
            public int size() {
                return pairs.size();
            }
        };
    }

    @SuppressWarnings("unchecked") // only K and V were ever put
    void forEach(BiConsumer<? super K, ? super V> action) {
        for (Pair<?, ?> pair : pairs.values()) {
            action.accept((K) pair.key, (V) pair.value);
        }
    }

    private static final class Pair<K, V> {
        final K key;
        final V value;

        Pair(K key, V value) {
            this.key = key;
            this.value = value;
        }
    }
}
