package io.culvert.perf.report;

import io.culvert.perf.figure.Quantity;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Every value that was measured, a line each (RFC 4180, but for the line ends). */
final class Csv {
    private Csv() {}

    static String of(Run run) {
        StringBuilder text = new StringBuilder("axis,quantity,unit,better,subject,sample,value\n");
        for (Quantity quantity : run.results().quantities()) {
            for (String subject : run.subjects()) {
                double[] values = run.results().of(quantity, subject).inOrder();
                for (int i = 0; i < values.length; i++) {
                    text.append(line(List.of(
                            quantity.axis(),
                            quantity.name(),
                            quantity.unit(),
                            quantity.better().name().toLowerCase(Locale.ROOT),
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

    private static String quoted(String field) {
        boolean plain = Stream.of(",", "\"", "\n").noneMatch(field::contains);
        return plain ? field : "\"" + field.replace("\"", "\"\"") + "\"";
    }
}
