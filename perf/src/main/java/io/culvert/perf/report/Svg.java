package io.culvert.perf.report;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.figure.Quantity.Better;
import io.culvert.perf.figure.Samples;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A picture of one proxy beside another: for each quantity a bar from the middle, to the right as many times as ours is
 * better, to the left as many times as it is worse. Halves and doubles lie equally far from the middle.
 */
final class Svg {
    private static final int WIDTH = 1_080;
    private static final int ROW = 22;
    private static final int HEAD = 96;
    private static final int AXIS_GAP = 34;
    private static final int MIDDLE = 640;
    /** Pixels for a factor of two. */
    private static final double DOUBLING = 130;
    /** Bars end here; the number beside them tells the rest. */
    private static final double FACTOR_MAX = 4;

    private static final String BETTER = "#1b7f5c";
    private static final String WORSE = "#c2452d";
    private static final String LEVEL = "#8a8f98";
    /** Closer to 1 than this is no difference worth a colour. */
    private static final double LEVEL_BAND = 0.03;

    private final Run run;
    private final String other;
    private final StringBuilder text = new StringBuilder();
    private int y = HEAD;

    private Svg(Run run, String other) {
        this.run = run;
        this.other = other;
    }

    /** A picture of {@code run}'s own subject beside {@code other}. */
    static String of(Run run, String other) {
        return new Svg(run, other).draw();
    }

    private String draw() {
        String axis = "";
        List<Quantity> rows = rows();
        for (Quantity quantity : rows) {
            if (!quantity.axis().equals(axis)) {
                axis = quantity.axis();
                y += AXIS_GAP;
                label(24, y - 8, "axis", "start", axis);
            }
            row(quantity);
            y += ROW;
        }
        int height = y + 40;
        return head(height) + grid(height) + text + "</svg>\n";
    }

    /** Those that both have, and that are better one way. */
    private List<Quantity> rows() {
        List<Quantity> rows = new ArrayList<>();
        for (Quantity quantity : run.results().quantities()) {
            boolean both = run.results().of(quantity, run.own()).median() > 0
                    && run.results().of(quantity, other).median() > 0;
            if (both && quantity.better() != Better.NONE) {
                rows.add(quantity);
            }
        }
        return rows;
    }

    private String head(int height) {
        return String.format(
                Locale.ROOT,
                """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" \
                font-family="Helvetica, Arial, sans-serif" font-size="12">
                <style>.axis{font-size:14px;font-weight:bold}.title{font-size:20px;font-weight:bold}
                .small{fill:#5c626b}.value{fill:#5c626b;font-size:11px}.ratio{font-weight:bold}</style>
                <rect width="100%%" height="100%%" fill="#ffffff"/>
                <text x="24" y="36" class="title">%s beside %s</text>
                <text x="24" y="56" class="small">Medians. Right and green: %s is better by that factor. \
                Numbers at the right edge: %s, then %s.</text>
                """,
                WIDTH,
                height,
                WIDTH,
                height,
                escaped(run.own()),
                escaped(other),
                escaped(run.own()),
                escaped(run.own()),
                escaped(other));
    }

    private static String grid(int height) {
        StringBuilder lines = new StringBuilder();
        for (double factor : new double[] {0.5, 1, 2}) {
            double x = x(factor);
            lines.append(String.format(
                    Locale.ROOT,
                    "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"%s\"/>%n",
                    x,
                    HEAD - 8,
                    x,
                    height - 24,
                    factor == 1 ? "#3a3f47" : "#dfe2e6"));
            lines.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" class=\"small\">%s</text>%n",
                    x,
                    HEAD - 14,
                    factor == 1 ? "level" : factor == 2 ? "2× better" : "2× worse"));
        }
        return lines.toString();
    }

    private void row(Quantity quantity) {
        Samples own = run.results().of(quantity, run.own());
        Samples others = run.results().of(quantity, other);
        double ratio = own.median() / others.median();
        double factor = quantity.better() == Better.LOWER ? 1 / ratio : ratio;
        double from = Math.min(MIDDLE, x(factor));
        double to = Math.max(MIDDLE, x(factor));
        String colour = Math.abs(factor - 1) < LEVEL_BAND ? LEVEL : factor > 1 ? BETTER : WORSE;
        label(40, y + 12, "", "start", quantity.name() + ", " + quantity.unit());
        text.append(String.format(
                Locale.ROOT,
                "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"14\" rx=\"2\" fill=\"%s\"/>%n",
                from,
                y + 1,
                Math.max(1, to - from),
                colour));
        boolean right = factor >= 1;
        double edge = right ? to + 6 : from - 6;
        label(edge, y + 12, "ratio", right ? "start" : "end", String.format(Locale.ROOT, "%.2f×", factor));
        String number = "%." + quantity.decimals() + "f";
        label(
                WIDTH - 20,
                y + 12,
                "value",
                "end",
                String.format(Locale.ROOT, number + " / " + number, own.median(), others.median()));
    }

    private static double x(double factor) {
        double bounded = Math.max(1 / FACTOR_MAX, Math.min(FACTOR_MAX, factor));
        return MIDDLE + Math.log(bounded) / Math.log(2) * DOUBLING;
    }

    private void label(double x, int baseline, String style, String anchor, String what) {
        text.append(String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\"%s>%s</text>%n",
                x,
                baseline,
                anchor,
                style.isEmpty() ? "" : " class=\"" + style + "\"",
                escaped(what)));
    }

    private static String escaped(String plain) {
        return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
