package io.culvert.e2e.report;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which tests may be skipped in a good run. By class alone: a title or a reason is text that anybody may word, and a
 * pattern over it once let through what it had never been meant for.
 */
sealed interface MaySkip {

    boolean allows(Outcome skipped);

    /** Where nobody demands anything: a run on somebody's own machine. */
    record All() implements MaySkip {
        @Override
        public boolean allows(Outcome skipped) {
            return true;
        }
    }

    /** These classes, by their binary names, and the classes nested in them. */
    record Classes(Set<String> names) implements MaySkip {
        @Override
        public boolean allows(Outcome skipped) {
            return names.contains(skipped.className().split("\\$", 2)[0]);
        }
    }

    /** Binary names of test classes with commas or white space between them; with none, nothing may be skipped. */
    static MaySkip parse(String names) {
        return new Classes(Stream.of(names.split("[,\\s]+"))
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toUnmodifiableSet()));
    }
}
