package io.culvert.proxy.tls;

import io.culvert.xds.identity.Identity;
import java.util.List;

/** Whom we accept at the other end, beyond a chain to our roots. */
public sealed interface PeerRule {
    /** As a client: the server's leaf must have one of these as a URI. An empty list accepts nobody. */
    record OneOf(List<Identity> expected) implements PeerRule {
        public OneOf {
            expected = List.copyOf(expected);
        }
    }

    /** As a server: the client's leaf must have a SPIFFE URI of this trust domain. No aliases. */
    record OfTrustDomain(String trustDomain) implements PeerRule {}
}
