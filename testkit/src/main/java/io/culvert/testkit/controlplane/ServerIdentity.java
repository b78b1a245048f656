package io.culvert.testkit.controlplane;

import java.net.InetAddress;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Key and certificate of the control plane's own TLS port. What is presented can be changed while it serves: each
 * handshake takes what is there at its time. May be used from any thread.
 */
final class ServerIdentity extends X509ExtendedKeyManager {
    private static final String ALIAS = "server";
    private static final Duration LIFETIME = Duration.ofDays(3650);

    private final CertificateAuthority authority;
    private final Clock clock;
    private final List<String> names;
    private final List<InetAddress> addresses;
    private volatile CertificateAuthority.ServerCredential presented;

    ServerIdentity(CertificateAuthority authority, Clock clock, List<String> names, List<InetAddress> addresses) {
        this.authority = authority;
        this.clock = clock;
        this.names = List.copyOf(names);
        this.addresses = List.copyOf(addresses);
        this.presented = credential(Duration.ZERO, LIFETIME);
    }

    private CertificateAuthority.ServerCredential credential(Duration ahead, Duration lifetime) {
        return authority.serverCredential(
                names, addresses, Signer.Validity.of(clock.instant().plus(ahead), lifetime));
    }

    /** A new key, and a certificate by whatever signs now. */
    void renew() {
        presented = credential(Duration.ZERO, LIFETIME);
    }

    /** The same by an authority whose clock is ahead, or lags if negative. */
    void renew(Duration ahead, Duration lifetime) {
        presented = credential(ahead, lifetime);
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
        return ALIAS;
    }

    @Override
    public String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return ALIAS;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return presented.chain().toArray(new X509Certificate[0]);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return presented.key();
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return new String[] {ALIAS};
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }
}
