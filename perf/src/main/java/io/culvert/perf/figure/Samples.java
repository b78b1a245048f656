package io.culvert.perf.figure;

import java.util.Arrays;
import java.util.Locale;

/** Repeated measurements of one quantity; immutable. */
public final class Samples {

    private final double[] values;
    /** As they were measured, in that order. */
    private final double[] inOrder;

    public Samples(double... measured) {
        inOrder = measured.clone();
        values = measured.clone();
        Arrays.sort(values);
    }

    public boolean isEmpty() {
        return values.length == 0;
    }

    /** The middle one, or the mean of the middle two; 0 when there is none. */
    public double median() {
        int middle = values.length / 2;
        if (isEmpty()) {
            return 0;
        }
        return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    public double lowest() {
        return isEmpty() ? 0 : values[0];
    }

    public double highest() {
        return isEmpty() ? 0 : values[values.length - 1];
    }

    public Samples and(double value) {
        double[] more = Arrays.copyOf(inOrder, values.length + 1);
        more[values.length] = value;
        return new Samples(more);
    }

    /** In the order in which they were measured. */
    public double[] inOrder() {
        return inOrder.clone();
    }

    /** Median and spread, as "3.05 (2.98-3.11)"; a dash when nothing was measured. */
    public String text(int decimals) {
        if (isEmpty()) {
            return "-";
        }
        String number = "%." + decimals + "f";
        String median = String.format(Locale.ROOT, number, median());
        return values.length == 1
                ? median
                : median + String.format(Locale.ROOT, " (" + number + "-" + number + ")", lowest(), highest());
    }

    /** This median over another's, as "1.25"; a dash when either is missing. */
    public String ratioTo(Samples other) {
        return isEmpty() || other.median() == 0 ? "-" : String.format(Locale.ROOT, "%.2f", median() / other.median());
    }
}
