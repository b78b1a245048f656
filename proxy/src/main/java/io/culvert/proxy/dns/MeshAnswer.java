package io.culvert.proxy.dns;

import io.culvert.xds.mesh.IpAddress;
import java.util.List;

/** What the mesh has to say to a question. */
sealed interface MeshAnswer {

    /** Nothing: the question is one for the resolvers. */
    record Forwarded() implements MeshAnswer {}

    /**
     * The name is the mesh's, and has nothing of that type: no error, no records. Never "no such name", which a client
     * would take for all types.
     *
     * @param why for the log, in the words of the original
     */
    record Nothing(String why) implements MeshAnswer {}

    /** Addresses under the name that was asked for; at least one. */
    record Addresses(List<IpAddress> addresses) implements MeshAnswer {
        public Addresses {
            addresses = List.copyOf(addresses);
        }
    }

    /**
     * Addresses under a shorter name, to which the one that was asked for is an alias: the client, or its resolver, had
     * put a search domain behind it.
     *
     * @param labelsKept how many labels of the name that was asked for the shorter one has
     */
    record Aliased(int labelsKept, List<IpAddress> addresses) implements MeshAnswer {
        public Aliased {
            addresses = List.copyOf(addresses);
        }
    }
}
