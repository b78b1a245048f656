package io.culvert.proxy.tls;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.xds.channel.TlsProfile;
import io.culvert.xds.identity.CertificatePreparation;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.WorkloadCertificate;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One loop's TLS: contexts by identity and role, made when first used and replaced when the certificate was renewed,
 * and the memory of verified peers. A context stays until its last session has ended.
 */
public final class TlsContexts {
    private final DataLoop loop;
    private final PeerVerifier verifier;
    private final TlsProfile profile;
    private final Map<Identity, TlsContext> servers = new HashMap<>();
    private final Map<Identity, TlsContext> clients = new HashMap<>();

    /** As everything is where nothing is set, and nothing revoked. */
    public TlsContexts(DataLoop loop, InstantSource clock) {
        this(loop, clock, TlsProfile.DEFAULT, new Revocation());
    }

    /** @param revocation of the whole process */
    public TlsContexts(DataLoop loop, InstantSource clock, TlsProfile profile, Revocation revocation) {
        this.loop = loop;
        this.profile = profile;
        this.verifier = new PeerVerifier(clock, revocation);
    }

    /** Has each certificate read before it is published, so that no loop reads one. */
    public static CertificatePreparation preparation() {
        return NativeCredential.preparation();
    }

    /** A session for a connection that a client opened: it must be of the trust domain of {@code own}. */
    public TlsSession server(WorkloadCertificate own) {
        PeerRule rule = new PeerRule.OfTrustDomain(own.identity().trustDomain());
        return new TlsSession(context(servers, own, true), rule);
    }

    /** A session for a connection that we open: the server must be one of {@code expected}. */
    public TlsSession client(WorkloadCertificate own, List<Identity> expected) {
        return new TlsSession(context(clients, own, false), new PeerRule.OneOf(expected));
    }

    private TlsContext context(Map<Identity, TlsContext> cache, WorkloadCertificate own, boolean server) {
        loop.checkOwner();
        TlsContext known = cache.get(own.identity());
        if (known != null && known.certificate().generation() == own.generation()) {
            return known;
        }
        TlsContext made = TlsContext.create(own, server, profile, verifier);
        cache.put(own.identity(), made);
        if (known != null) {
            known.release();
        }
        return made;
    }

    /** The identity is not used on this node any more. */
    public void forget(Identity identity) {
        loop.checkOwner();
        TlsContext server = servers.remove(identity);
        if (server != null) {
            server.release();
        }
        TlsContext client = clients.remove(identity);
        if (client != null) {
            client.release();
        }
    }

    /** Forgets every identity; sessions go on. */
    public void close() {
        loop.checkOwner();
        servers.values().forEach(TlsContext::release);
        servers.clear();
        clients.values().forEach(TlsContext::release);
        clients.clear();
    }

    PeerVerifier verifier() {
        return verifier;
    }
}
