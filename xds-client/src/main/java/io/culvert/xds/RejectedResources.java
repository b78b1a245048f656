package io.culvert.xds;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the server has and this proxy could not use, until it is mended or gone. For people: of many the first are kept,
 * of long names the beginning. Used by the control thread.
 */
final class RejectedResources {
    /** More would not be read by anybody, and a server can make any number of them. */
    static final int KEPT_MAX = 100;

    /** A name or reason of this length is legible; a server can send one of megabytes. */
    private static final int CHARS_MAX = 512;

    private final Map<String, String> reasons = new LinkedHashMap<>();
    private Map<String, String> published = Map.of();
    /** Those that were too many to keep, as of the response in which they came. */
    private int more;

    /** What a response rejects; it says nothing of other resources. */
    void add(Map<String, String> rejected) {
        more = 0;
        rejected.forEach((name, reason) -> {
            if (reasons.size() < KEPT_MAX || reasons.containsKey(cut(name))) {
                reasons.put(cut(name), cut(reason));
            } else {
                more++;
            }
        });
        publish();
    }

    /** They are no more. */
    void clear(List<String> names) {
        if (!reasons.isEmpty()) {
            names.forEach(name -> reasons.remove(cut(name)));
            publish();
        }
    }

    /** They were accepted. */
    void clear(HeldVersions accepted) {
        if (!reasons.isEmpty()) {
            accepted.forEachName(name -> reasons.remove(cut(name)));
            publish();
        }
    }

    /** Only these are still there at all: the first answer of a stream has everything that is not held. */
    void retain(Set<String> rejected) {
        if (!reasons.isEmpty()) {
            reasons.keySet()
                    .retainAll(rejected.stream().map(RejectedResources::cut).toList());
            publish();
        }
    }

    private void publish() {
        published = Collections.unmodifiableMap(new LinkedHashMap<>(reasons));
        if (reasons.isEmpty()) {
            more = 0;
        }
    }

    private static String cut(String text) {
        return text.length() <= CHARS_MAX
                ? text
                : text.substring(0, CHARS_MAX) + "... (" + text.length() + " characters)";
    }

    int count() {
        return reasons.size() + more;
    }

    Map<String, String> reasons() {
        return published;
    }
}
