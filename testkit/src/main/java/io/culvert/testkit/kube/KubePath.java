package io.culvert.testkit.kube;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a path is about.
 *
 * @param namespace empty: all, or none
 * @param name empty: the whole collection
 * @param subresource {@code status} or empty
 */
record KubePath(KubeKind kind, String namespace, String name, String subresource) {
    /** {@code ROOT[/namespaces/NAMESPACE]/PLURAL[/NAME[/status]]}. */
    static Optional<KubePath> parse(String path) {
        return Stream.of(KubeKind.values())
                .flatMap(kind -> parse(kind, path).stream())
                .findFirst();
    }

    private static Optional<KubePath> parse(KubeKind kind, String path) {
        if (!path.startsWith(kind.root() + "/")) {
            return Optional.empty();
        }
        List<String> parts = List.of(path.substring(kind.root().length() + 1).split("/", -1));
        String namespace = "";
        if (kind.namespaced() && parts.size() >= 3 && parts.getFirst().equals("namespaces")) {
            namespace = parts.get(1);
            parts = parts.subList(2, parts.size());
        }
        if (!parts.getFirst().equals(kind.plural()) || parts.size() > 3) {
            return Optional.empty();
        }
        String name = parts.size() > 1 ? parts.get(1) : "";
        String subresource = parts.size() > 2 ? parts.get(2) : "";
        boolean known = subresource.isEmpty() || subresource.equals("status");
        return known ? Optional.of(new KubePath(kind, namespace, name, subresource)) : Optional.empty();
    }

    ObjectKey key() {
        return new ObjectKey(kind, namespace, name);
    }
}
