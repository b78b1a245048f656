package io.culvert.perf.report;

import io.culvert.perf.figure.Results;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A run as it is reported.
 *
 * @param subjects names in the order of the columns
 * @param own the subject whose ratios to the others are told; one of {@code subjects}
 * @param bounds subjects that are no proxies
 * @param meanings what each axis does, by its name
 * @param facts of machine and set-up, in sentences
 * @param results as far as there are any
 */
public record Run(
        List<String> subjects,
        String own,
        List<String> bounds,
        Map<String, String> meanings,
        List<String> facts,
        Results results) {

    public Run {
        subjects = List.copyOf(subjects);
        bounds = List.copyOf(bounds);
        meanings = Map.copyOf(meanings);
        facts = List.copyOf(facts);
    }

    /** Those that {@code own} is compared with: other proxies first, then bounds. */
    List<String> others() {
        List<String> others = new ArrayList<>(subjects.stream()
                .filter(name -> !name.equals(own) && !bounds.contains(name))
                .toList());
        bounds.stream().filter(name -> !name.equals(own)).forEach(others::add);
        return others;
    }

    /** The other proxies. */
    List<String> peers() {
        return others().stream().filter(name -> !bounds.contains(name)).toList();
    }
}
