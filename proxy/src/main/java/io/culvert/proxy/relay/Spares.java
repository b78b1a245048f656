package io.culvert.proxy.relay;

import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Things that are dear to make and lie ready for their next use, last in first out. What has lain unused for a whole
 * period is dropped, so that a burst's do not stay for good and those in steady use do.
 */
final class Spares<T> {
    private final int most;
    private final Consumer<T> drop;
    private final ArrayDeque<T> kept = new ArrayDeque<>();
    /** Fewest that were kept at any moment of this period: so many have not been needed. */
    private int unused;

    /**
     * None kept yet.
     *
     * @param most kept at once; more are dropped when they come
     * @param drop frees what one of them holds
     */
    Spares(int most, Consumer<T> drop) {
        this.most = most;
        this.drop = drop;
    }

    @Nullable
    T take() {
        T taken = kept.pollLast();
        unused = Math.min(unused, kept.size());
        return taken;
    }

    void put(T spare) {
        if (kept.size() < most) {
            kept.addLast(spare);
        } else {
            drop.accept(spare);
        }
    }

    int size() {
        return kept.size();
    }

    /** Ends a period: drops those that nobody needed in it. */
    void dropUnused() {
        for (; unused > 0; unused--) {
            drop.accept(kept.removeFirst());
        }
        unused = kept.size();
    }

    void dropAll() {
        kept.forEach(drop);
        kept.clear();
        unused = 0;
    }
}
