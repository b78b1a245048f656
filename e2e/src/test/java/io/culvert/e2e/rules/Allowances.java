package io.culvert.e2e.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What is allowed to break a rule, as a ratchet: a line {@code rule path amount reason} allows exactly that much. More
 * fails, and less fails too, until the line is tightened, so that the list only ever shrinks.
 *
 * <p>The amount is the size for a rule that has a limit (one place a file) and else the number of places in that file.
 */
final class Allowances {

    private record Key(String rule, String path) {}

    private final Map<Key, Integer> allowed;

    private Allowances(Map<Key, Integer> allowed) {
        this.allowed = allowed;
    }

    /** Reads the list; empty lines and lines that begin with # say nothing. */
    static Allowances parse(List<String> lines) {
        return new Allowances(lines.stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(Allowances::fields)
                .collect(Collectors.toMap(
                        fields -> new Key(fields[0], fields[1]), fields -> Integer.parseInt(fields[2]))));
    }

    private static String[] fields(String line) {
        String[] fields = line.split("\\s+", 4);
        if (fields.length < 4) {
            throw new IllegalArgumentException("an allowance reads 'rule path amount reason', not: " + line);
        }
        return fields;
    }

    /** What is wrong after the allowances: sentences for whoever has to mend it. */
    List<String> apply(List<Finding> findings) {
        Map<Key, List<Finding>> byPlace =
                findings.stream().collect(Collectors.groupingBy(finding -> new Key(finding.rule(), finding.path())));
        Map<String, String> complaints = new TreeMap<>();
        byPlace.forEach((key, found) -> {
            int amount = amount(found);
            int limit = allowed.getOrDefault(key, 0);
            if (amount > limit) {
                String all = found.stream().map(Finding::toString).collect(Collectors.joining("\n  "));
                complaints.put(
                        key.toString(), limit == 0 ? all : all + "\n  (" + limit + " allowed, " + amount + " found)");
            } else if (amount < limit) {
                complaints.put(key.toString(), tighten(key, amount));
            }
        });
        allowed.keySet().stream()
                .filter(key -> !byPlace.containsKey(key))
                .forEach(key -> complaints.put(key.toString(), tighten(key, 0)));
        return new ArrayList<>(complaints.values());
    }

    private static int amount(List<Finding> found) {
        int sizes = found.stream().mapToInt(Finding::size).max().orElse(0);
        return sizes > 1 ? sizes : found.size();
    }

    private static String tighten(Key key, int amount) {
        String what = amount == 0 ? "remove the line" : "write " + amount;
        return key.path() + ": " + key.rule() + " got better: " + what + " in tidy-allowances.txt";
    }
}
