package io.culvert.perf.figure;

/**
 * What a number is of.
 *
 * @param axis that measured it
 * @param name within the axis, for people
 * @param unit of the number
 * @param better which way is good
 * @param decimals worth showing
 */
public record Quantity(String axis, String name, String unit, Better better, int decimals) {

    /** Which way is good. */
    public enum Better {
        HIGHER,
        LOWER,
        /** Neither: it says something of the measurement itself. */
        NONE
    }

    public static Quantity higher(String axis, String name, String unit, int decimals) {
        return new Quantity(axis, name, unit, Better.HIGHER, decimals);
    }

    public static Quantity lower(String axis, String name, String unit, int decimals) {
        return new Quantity(axis, name, unit, Better.LOWER, decimals);
    }

    public static Quantity neutral(String axis, String name, String unit, int decimals) {
        return new Quantity(axis, name, unit, Better.NONE, decimals);
    }
}
