package io.culvert.perf.report;

import io.culvert.perf.figure.Quantity;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Every value that was measured, a line each (RFC 4180, but for the line ends). */
final class Csv {
    static final String HEAD = "axis,quantity,unit,better,decimals,subject,sample,value";

    private Csv() {}

    static String of(Run run) {
        StringBuilder text = new StringBuilder(HEAD + "\n");
        for (Quantity quantity : run.results().quantities()) {
            for (String subject : run.subjects()) {
                double[] values = run.results().of(quantity, subject).inOrder();
                for (int i = 0; i < values.length; i++) {
                    text.append(line(List.of(
                            quantity.axis(),
                            quantity.name(),
                            quantity.unit(),
                            quantity.better().name().toLowerCase(Locale.ROOT),
                            Integer.toString(quantity.decimals()),
                            subject,
                            Integer.toString(i + 1),
                            String.format(Locale.ROOT, "%.6g", values[i]))));
                }
            }
        }
        return text.toString();
    }

    private static String line(List<String> fields) {
        return fields.stream().map(Csv::quoted).collect(Collectors.joining(",")) + "\n";
    }

    /** The inverse of a line; a field without its closing quote goes on to the end. */
    static List<String> fields(String line) {
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"' && quoted && line.startsWith("\"\"", i)) {
                field.append('"');
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                fields.add(field.toString());
                field.setLength(0);
            } else {
                field.append(c);
            }
        }
        fields.add(field.toString());
        return fields;
    }

    private static String quoted(String field) {
        boolean plain = Stream.of(",", "\"", "\n").noneMatch(field::contains);
        return plain ? field : "\"" + field.replace("\"", "\"\"") + "\"";
    }
}
