package io.culvert.testkit.spec;

import java.util.List;

/** The same thing of both IP families. */
public record Dual<T>(T v4, T v6) {
    /** IPv4 first, as Kubernetes lists a dual-stack pod's addresses. */
    public List<T> list() {
        return List.of(v4, v6);
    }
}
