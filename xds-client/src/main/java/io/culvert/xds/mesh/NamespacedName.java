package io.culvert.xds.mesh;

import java.util.Optional;

/** The key of a service: a host name within a namespace. */
public record NamespacedName(String namespace, String hostname) implements Comparable<NamespacedName> {
    /** "namespace/hostname", with exactly one slash. */
    public static Optional<NamespacedName> parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || text.indexOf('/', slash + 1) >= 0) {
            return Optional.empty();
        }
        return Optional.of(new NamespacedName(text.substring(0, slash), text.substring(slash + 1)));
    }

    @Override
    public int compareTo(NamespacedName other) {
        int byNamespace = namespace.compareTo(other.namespace);
        return byNamespace != 0 ? byNamespace : hostname.compareTo(other.hostname);
    }

    /** "namespace/hostname". */
    @Override
    public String toString() {
        return namespace + "/" + hostname;
    }
}
