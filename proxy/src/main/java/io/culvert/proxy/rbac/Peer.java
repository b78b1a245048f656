package io.culvert.proxy.rbac;

import io.culvert.xds.identity.Identity;
import org.jspecify.annotations.Nullable;

/** Who calls, as far as it was proved. */
public sealed interface Peer {

    /** Proved by its certificate. */
    final class Identified implements Peer {
        private final Identity identity;

        /** Made when the first policy asks for it; whichever thread makes it makes the same. */
        private @Nullable String principal;

        public Identified(Identity identity) {
            this.identity = identity;
        }

        public Identity identity() {
            return identity;
        }

        /** As policies name it. */
        String principal() {
            String known = principal;
            if (known == null) {
                known = identity.principal();
                principal = known;
            }
            return known;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Identified that && identity.equals(that.identity);
        }

        @Override
        public int hashCode() {
            return identity.hashCode();
        }

        @Override
        public String toString() {
            return identity.toString();
        }
    }

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
