package io.culvert.xds.identity;

import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A workload's key and certificate chain, and the roots that came with it. Immutable; the key is in no text of it. */
public final class WorkloadCertificate {
    /** subjectAltName's tag of a URI (RFC 5280 section 4.2.1.6). */
    private static final int SAN_URI = 6;

    private static final AtomicLong GENERATIONS = new AtomicLong();

    private final Identity identity;
    private final byte[] privateKeyPem;
    private final byte[] chainPem;
    private final List<X509Certificate> chain;
    private final List<X509Certificate> roots;
    private final boolean leadsToRoots;
    private final long generation = GENERATIONS.incrementAndGet();
    private volatile @Nullable Object derived;

    private WorkloadCertificate(
            Identity identity, byte[] privateKeyPem, List<X509Certificate> chain, List<X509Certificate> roots) {
        this.identity = identity;
        this.privateKeyPem = privateKeyPem.clone();
        this.chain = List.copyOf(chain);
        this.roots = List.copyOf(roots);
        this.leadsToRoots = IssuedPath.leads(chain, roots);
        StringBuilder pem = new StringBuilder();
        chain.forEach(certificate -> pem.append(Pem.certificate(certificate)));
        this.chainPem = pem.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * From the answer of a certificate authority: the leaf, intermediates one by one, and last the root bundle. Tests
     * give it their own PEMs the same way.
     *
     * @param privateKeyPem PKCS#8, the leaf's
     * @throws CertificateRejected if the chain is empty or without roots, cannot be read, or its leaf's first URI is
     *     not the identity
     */
    public static WorkloadCertificate fromPem(Identity identity, byte[] privateKeyPem, List<String> certChain)
            throws CertificateRejected {
        if (certChain.isEmpty()) {
            throw new CertificateRejected("chain returned from CA is empty for: " + identity);
        }
        if (certChain.size() < 2) {
            throw new CertificateRejected("no root certificate present in the chain returned from CA for: " + identity);
        }
        try {
            List<X509Certificate> chain = new ArrayList<>();
            for (String pem : certChain.subList(0, certChain.size() - 1)) {
                chain.addAll(Pem.certificates(pem));
            }
            return of(identity, privateKeyPem, chain, Pem.certificates(certChain.getLast()));
        } catch (CertificateException e) {
            throw new CertificateRejected("failed to process string: " + e.getMessage(), e);
        }
    }

    /** The same from what was read already. */
    static WorkloadCertificate of(
            Identity identity, byte[] privateKeyPem, List<X509Certificate> chain, List<X509Certificate> roots)
            throws CertificateRejected, CertificateException {
        if (chain.isEmpty() || roots.isEmpty()) {
            throw new CertificateRejected("chain returned from CA is empty for: " + identity);
        }
        if (!firstUri(chain.getFirst()).equals(Optional.of(identity.toString()))) {
            throw new CertificateRejected("did not find expected SAN: " + identity);
        }
        return new WorkloadCertificate(identity, privateKeyPem, chain, roots);
    }

    /** Whose a chain is: the first URI of its leaf, if that is an identity as Istio forms them. */
    static Optional<Identity> identityOf(String chainPem) throws CertificateException {
        List<X509Certificate> chain = Pem.certificates(chainPem);
        return chain.isEmpty() ? Optional.empty() : firstUri(chain.getFirst()).flatMap(Identity::parse);
    }

    private static Optional<String> firstUri(X509Certificate leaf) throws CertificateParsingException {
        var names = leaf.getSubjectAlternativeNames();
        if (names == null) {
            return Optional.empty();
        }
        return names.stream()
                .filter(name -> name.getFirst().equals(SAN_URI))
                .map(name -> (String) name.getLast())
                .findFirst();
    }

    public Identity identity() {
        return identity;
    }

    /** PKCS#8; a copy. */
    public byte[] privateKeyPem() {
        return privateKeyPem.clone();
    }

    /** Leaf and intermediates; a copy. */
    public byte[] chainPem() {
        return chainPem.clone();
    }

    /** Leaf first, then intermediates. */
    public List<X509Certificate> chain() {
        return chain;
    }

    /** Whom to trust while this certificate is the current one. */
    public List<X509Certificate> roots() {
        return roots;
    }

    /** Whether somebody who trusts these roots alone would accept the chain. */
    boolean leadsToItsRoots() {
        return leadsToRoots;
    }

    public Instant notBefore() {
        return chain.getFirst().getNotBefore().toInstant();
    }

    public Instant notAfter() {
        return chain.getFirst().getNotAfter().toInstant();
    }

    /** Differs between any two certificates of this process: a key for prepared TLS contexts. */
    public long generation() {
        return generation;
    }

    /**
     * What another layer made of this certificate, kept as long as the certificate is: made by whoever asks first.
     * There is room for one.
     */
    public <T> T derived(Class<T> type, Function<WorkloadCertificate, T> maker) {
        Object present = derived;
        return type.cast(present == null ? derive(maker) : present);
    }

    private synchronized Object derive(Function<WorkloadCertificate, ?> maker) {
        Object present = derived;
        if (present == null) {
            present = maker.apply(this);
            derived = present;
        }
        return present;
    }

    /** Identity, generation and validity; never the key. */
    @Override
    public String toString() {
        return identity + " #" + generation + " [" + notBefore() + ", " + notAfter() + "]";
    }
}
