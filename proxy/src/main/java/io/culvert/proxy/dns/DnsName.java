package io.culvert.proxy.dns;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A domain name by its labels, from the left, in lower case: names that differ in case are the same name (RFC 4343).
 * The root has no labels. A dot or backslash inside a label is escaped as in RFC 1035 section 5.1, so that no label can
 * pass for two.
 */
record DnsName(List<String> labels) {

    private static final String WILDCARD = "*";

    DnsName {
        labels = List.copyOf(labels);
    }

    /** From text such as a setting or a namespace: labels with dots between, and perhaps one behind. */
    static DnsName of(String text) {
        List<String> labels = new ArrayList<>();
        for (String label : text.toLowerCase(Locale.ROOT).split("\\.", -1)) {
            if (!label.isEmpty()) {
                labels.add(label);
            }
        }
        return new DnsName(labels);
    }

    int labelCount() {
        return labels.size();
    }

    DnsName append(DnsName suffix) {
        List<String> both = new ArrayList<>(labels);
        both.addAll(suffix.labels);
        return new DnsName(both);
    }

    /** What is left of {@code suffix}; empty if the name does not end so, or is no longer than it. */
    Optional<DnsName> strip(DnsName suffix) {
        int left = labels.size() - suffix.labels.size();
        if (left <= 0 || !labels.subList(left, labels.size()).equals(suffix.labels)) {
            return Optional.empty();
        }
        return Optional.of(new DnsName(labels.subList(0, left)));
    }

    boolean endsWith(String lastLabel) {
        return !labels.isEmpty() && labels.getLast().equals(lastLabel);
    }

    /** The name with its first {@code count} labels, at least one, replaced by an asterisk. */
    DnsName wildcard(int count) {
        List<String> result = new ArrayList<>(labels.size() - count + 1);
        result.add(WILDCARD);
        result.addAll(labels.subList(count, labels.size()));
        return new DnsName(result);
    }

    boolean isWildcard() {
        return !labels.isEmpty() && labels.getFirst().equals(WILDCARD);
    }

    /** As services spell their host names: without a dot at the end; the root is empty. */
    String hostname() {
        return String.join(".", labels);
    }

    /** With a dot at the end. */
    @Override
    public String toString() {
        return hostname() + ".";
    }
}
