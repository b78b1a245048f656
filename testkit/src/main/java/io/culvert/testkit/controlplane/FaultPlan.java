package io.culvert.testkit.controlplane;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/**
 * Which faults the control plane is to commit from now on. Several can hold for one answer, such as slow and wrong. May
 * be used from any thread; what is on its way already is not touched.
 *
 * @param <F> the kind of fault
 */
public final class FaultPlan<F> {
    private static final int FOR_EVER = -1;

    private final List<Planned<F>> planned = new ArrayList<>();
    private final List<Runnable> onClear = new CopyOnWriteArrayList<>();

    FaultPlan() {}

    /** From now on, until {@link #clear}. */
    public FaultPlan<F> always(F fault) {
        return add(new Planned<>(fault, any -> true, FOR_EVER));
    }

    /** The next so many times. */
    public FaultPlan<F> next(int times, F fault) {
        if (times < 1) {
            throw new IllegalArgumentException("a fault that happens " + times + " times");
        }
        return add(new Planned<>(fault, any -> true, times));
    }

    /**
     * From now on, where it concerns such.
     *
     * @param subject what is said below: an identity, or the name of a resource type
     */
    public FaultPlan<F> about(Predicate<String> subject, F fault) {
        return add(new Planned<>(fault, subject, FOR_EVER));
    }

    private synchronized FaultPlan<F> add(Planned<F> fault) {
        planned.add(fault);
        return this;
    }

    /** All is well from now on; what was held back goes out. */
    public void clear() {
        synchronized (this) {
            planned.clear();
        }
        onClear.forEach(Runnable::run);
    }

    void onClear(Runnable action) {
        onClear.add(action);
    }

    /** What holds for one answer, in the order of planning; counts as one time. */
    synchronized List<F> take(String subject) {
        List<F> taken = new ArrayList<>();
        for (Iterator<Planned<F>> each = planned.iterator(); each.hasNext(); ) {
            Planned<F> one = each.next();
            if (one.subject.test(subject)) {
                taken.add(one.fault);
                if (one.left > 0 && --one.left == 0) {
                    each.remove();
                }
            }
        }
        return taken;
    }

    private static final class Planned<F> {
        private final F fault;
        private final Predicate<String> subject;
        private int left;

        Planned(F fault, Predicate<String> subject, int left) {
            this.fault = fault;
            this.subject = subject;
            this.left = left;
        }
    }
}
