package io.culvert.e2e.recorded;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One scrape.
 *
 * @param heads lines of HELP, TYPE and UNIT, and the end mark, in their order
 * @param series value by name and labels
 */
record Samples(List<String> heads, Map<String, Double> series) {

    static Samples parse(String text) {
        Map<String, Double> series = new TreeMap<>();
        text.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
            int space = line.lastIndexOf(' ');
            series.put(line.substring(0, space), Double.valueOf(line.substring(space + 1)));
        });
        return new Samples(text.lines().filter(line -> line.startsWith("#")).toList(), series);
    }

    /** Heads but those of families whose names begin so. */
    List<String> headsWithout(String... prefixes) {
        return heads.stream()
                .filter(head -> List.of(prefixes).stream().noneMatch(prefix -> head.contains(" " + prefix)))
                .toList();
    }

    /**
     * What happened since an earlier scrape: series of connections as differences, without counters that were there and
     * stood still; all else as it is.
     */
    Map<String, Double> since(Samples earlier) {
        Map<String, Double> result = new TreeMap<>();
        series.forEach((name, value) -> {
            Double before = earlier.series.get(name);
            boolean stoodStill = name.contains("_total") && value.equals(before);
            if (before == null || !name.startsWith("istio_tcp_")) {
                result.put(name, value);
            } else if (!stoodStill) {
                result.put(name, value - before);
            }
        });
        return result;
    }

    /** Series without those of families of these names. */
    static Map<String, Double> without(Map<String, Double> series, Set<String> prefixes) {
        return series.entrySet().stream()
                .filter(one -> prefixes.stream().noneMatch(one.getKey()::startsWith))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, TreeMap::new));
    }
}
