package io.culvert.testkit.controlplane;

import java.math.BigInteger;
import java.net.InetAddress;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.x509.GeneralName;

/**
 * A certificate authority of ECDSA P-256: roots that are trusted and, if wanted, an intermediate that signs. Its keys
 * live in memory only. May be used from any thread.
 *
 * <p>A root is changed in three steps, so that no peer ever meets one that it does not trust: {@link #addRoot},
 * {@link #signByNewestRoot} once everybody has a certificate that came with both, and {@link #dropOldRoots}.
 */
public final class CertificateAuthority {
    /** How far a certificate reaches back, so that a clock that lags accepts it; as istiod. */
    static final Duration BACKDATE_MAX = Duration.ofMinutes(2);

    private static final Duration AUTHORITY_LIFETIME = Duration.ofDays(3650);

    private final Clock clock;
    private final boolean withIntermediate;
    /** What is trusted, the newest last. */
    private final List<Signer> roots = new ArrayList<>();

    private int rootsMade;
    private int intermediatesMade;
    /** The root below which signatures are made now. */
    private Signer root;
    /** The one that signs: an intermediate, or the root itself. */
    private Signer signer;

    private CertificateAuthority(Clock clock, boolean withIntermediate) {
        this.clock = clock;
        this.withIntermediate = withIntermediate;
        root = newRoot();
        roots.add(root);
        signer = signerBelow(root);
    }

    /** An authority with keys of its own, valid from the clock's now. */
    public static CertificateAuthority create(Clock clock, boolean withIntermediate) {
        return new CertificateAuthority(clock, withIntermediate);
    }

    private Signer newRoot() {
        return Signer.root("O=Culvert testkit,CN=root" + number(++rootsMade), lifetime(AUTHORITY_LIFETIME));
    }

    private Signer signerBelow(Signer above) {
        return withIntermediate ? newIntermediate(above) : above;
    }

    private Signer newIntermediate(Signer above) {
        String name = "O=Culvert testkit,CN=intermediate" + number(++intermediatesMade);
        return above.intermediate(name, lifetime(AUTHORITY_LIFETIME));
    }

    private static String number(int made) {
        return made == 1 ? "" : " " + made;
    }

    private Signer.Validity lifetime(Duration lifetime) {
        return Signer.Validity.of(clock.instant(), lifetime);
    }

    /** The root of what is signed now. */
    public synchronized X509Certificate root() {
        return root.certificate();
    }

    /** The certificate that signs now: an intermediate's, or the root's own. */
    public synchronized X509Certificate signer() {
        return signer.certificate();
    }

    /** The root that was made last, whether or not it signs already. */
    public synchronized X509Certificate newestRoot() {
        return roots.getLast().certificate();
    }

    /** Every root that is to be trusted, one PEM block after the other. */
    public synchronized String rootPem() {
        return roots.stream().map(trusted -> Pem.of(trusted.certificate())).collect(Collectors.joining());
    }

    /** A revocation list, as PEM, of certificates that were signed by who signs now, by their serial numbers. */
    public synchronized String revocationList(Collection<BigInteger> serials) {
        return signer.revocationList(serials, clock.instant());
    }

    /** From now on another intermediate signs; one there is from now on, if there was none. */
    public synchronized void rotateIntermediate() {
        signer = newIntermediate(root);
    }

    /** One more root is to be trusted; the old one still signs. */
    public synchronized void addRoot() {
        roots.add(newRoot());
    }

    /** The newest root signs, by an intermediate if the authority has such; all are trusted still. */
    public synchronized void signByNewestRoot() {
        root = roots.getLast();
        signer = signerBelow(root);
    }

    /** Only the root that signs is trusted any longer. */
    public synchronized void dropOldRoots() {
        roots.removeIf(trusted -> !trusted.equals(root));
    }

    /** The three steps at once: from one certificate to the next, nothing of the old is trusted. */
    public synchronized void replaceRoot() {
        addRoot();
        signByNewestRoot();
        dropOldRoots();
    }

    /**
     * A certificate for a workload: empty subject, the identity as the one critical SAN, for both ends of TLS.
     *
     * @return leaf first, then intermediates; the root is not among them
     */
    List<X509Certificate> issue(PublicKey key, String spiffeId, Duration lifetime) {
        return issue(key, spiffeId, lifetime(lifetime));
    }

    /** The same, valid when the caller says. */
    List<X509Certificate> issue(PublicKey key, String spiffeId, Signer.Validity validity) {
        return issue(key, List.of(new GeneralName(GeneralName.uniformResourceIdentifier, spiffeId)), validity);
    }

    /**
     * A key and a certificate for this identity, for tests of who is let in.
     *
     * @param ahead of now, from when it is valid; negative and larger than {@code lifetime}: it has expired
     */
    public PeerCredential peerCredential(String spiffeId, Duration ahead, Duration lifetime) {
        KeyPair key = Signer.newKey();
        Signer.Validity validity = Signer.Validity.of(clock.instant().plus(ahead), lifetime);
        return new PeerCredential(key.getPrivate(), issue(key.getPublic(), spiffeId, validity));
    }

    /** A key and a certificate for a TLS server that is reached by these names and addresses. */
    ServerCredential serverCredential(
            Collection<String> names, Collection<InetAddress> addresses, Signer.Validity validity) {
        KeyPair key = Signer.newKey();
        List<GeneralName> subjects = new ArrayList<>();
        names.forEach(name -> subjects.add(new GeneralName(GeneralName.dNSName, name)));
        addresses.forEach(address -> subjects.add(new GeneralName(GeneralName.iPAddress, address.getHostAddress())));
        return new ServerCredential(key.getPrivate(), issue(key.getPublic(), subjects, validity));
    }

    /** What a TLS server presents. */
    record ServerCredential(PrivateKey key, List<X509Certificate> chain) {}

    private synchronized List<X509Certificate> issue(
            PublicKey key, List<GeneralName> subjects, Signer.Validity validity) {
        List<X509Certificate> chain = new ArrayList<>();
        chain.add(signer.leaf(key, subjects, validity));
        if (!signer.equals(root)) {
            chain.add(signer.certificate());
        }
        return chain;
    }
}
