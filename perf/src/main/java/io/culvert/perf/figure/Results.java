package io.culvert.perf.figure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All that was measured so far: by quantity and subject, in the order of first appearance. */
public final class Results {
    private static final Samples NOTHING = new Samples();

    private final Map<Quantity, Map<String, Samples>> samples = new LinkedHashMap<>();
    private final Set<String> notes = new LinkedHashSet<>();
    private final List<String> failures = new ArrayList<>();

    public void add(Quantity quantity, String subject, double value) {
        Map<String, Samples> bySubject = samples.computeIfAbsent(quantity, first -> new LinkedHashMap<>());
        bySubject.put(subject, bySubject.getOrDefault(subject, NOTHING).and(value));
    }

    /** Gives a quantity its place before anything of it is measured. */
    public void declare(Quantity quantity) {
        samples.putIfAbsent(quantity, new LinkedHashMap<>());
    }

    /** What could not be measured, in a sentence; the run goes on. */
    public void addFailure(String what) {
        failures.add(what);
    }

    /** Something that was found out besides the figures, in a sentence. */
    public void note(String sentence) {
        notes.add(sentence);
    }

    /** Each once, in the order of their finding. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    public Set<Quantity> quantities() {
        return samples.keySet();
    }

    /** Empty if there is none. */
    public Samples of(Quantity quantity, String subject) {
        return samples.getOrDefault(quantity, Map.of()).getOrDefault(subject, NOTHING);
    }

    public List<String> failures() {
        return List.copyOf(failures);
    }
}
