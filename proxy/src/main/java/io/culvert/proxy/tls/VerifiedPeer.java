package io.culvert.proxy.tls;

import io.culvert.xds.identity.Identity;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * Who the peer proved to be.
 *
 * @param identity the first URI of the leaf that is a SPIFFE identity as Istio forms them
 * @param uris every URI of the leaf, in order
 * @param path from the leaf to the certificate that a root issued
 * @param root that root
 */
public record VerifiedPeer(
        Optional<Identity> identity, List<String> uris, List<X509Certificate> path, X509Certificate root) {}
