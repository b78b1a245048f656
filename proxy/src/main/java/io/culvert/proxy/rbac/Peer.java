package io.culvert.proxy.rbac;

import io.culvert.xds.identity.Identity;
import org.jspecify.annotations.Nullable;

/** Who calls, as far as it was proved. */
public sealed interface Peer {

    /** Proved by its certificate. */
    record Identified(Identity identity) implements Peer {}

    /** Came in the clear, or with a certificate that names no workload. */
    record Anonymous() implements Peer {}

    static Peer of(@Nullable Identity identity) {
        return identity == null ? new Anonymous() : new Identified(identity);
    }

    /** For matchers on namespaces, to which plaintext is the empty namespace. */
    default String namespace() {
        return switch (this) {
            case Identified identified -> identified.identity().namespace();
            case Anonymous ignored -> "";
        };
    }
}
