package io.culvert.testkit.controlplane;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * What somebody presents who takes part in the mesh without one of its proxies.
 *
 * @param chain leaf first, without the root
 */
public record PeerCredential(PrivateKey key, List<X509Certificate> chain) {
    public PeerCredential {
        chain = List.copyOf(chain);
    }
}
