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

    // Spelled out: what the compiler generates for records goes through method handles, which C1 does not inline.
    @Override
    public boolean equals(Object other) {
        return other instanceof NamespacedName that
                && hostname.equals(that.hostname)
                && namespace.equals(that.namespace);
    }

    @Override
    public int hashCode() {
        return namespace.hashCode() * 31 + hostname.hashCode();
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
