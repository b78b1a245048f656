package io.culvert.xds.channel;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** The control plane's certificate must chain to the given roots and bear its host's name, or the alternative one. */
final class ServerTrust extends X509ExtendedTrustManager {
    private static final int CAUSES_MAX = 16;

    private final X509ExtendedTrustManager chains;
    private final String origin;
    private final String host;
    private final Optional<String> alternativeHost;

    ServerTrust(X509ExtendedTrustManager chains, String origin, String host, Optional<String> alternativeHost) {
        this.chains = chains;
        this.origin = origin;
        this.host = host;
        this.alternativeHost = alternativeHost;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        try {
            chains.checkServerTrusted(chain, authType);
        } catch (CertificateException e) {
            throw new CertificateException(
                    "the certificate of " + host + " is not trusted by the roots of " + origin + ": " + reason(e), e);
        }
        boolean named = ServerNames.matches(chain[0], host)
                || (alternativeHost.isPresent() && ServerNames.matches(chain[0], alternativeHost.get()));
        if (!named) {
            throw new CertificateException(
                    "the certificate of the server is for " + ServerNames.of(chain[0]) + ", not for " + host
                            + alternativeHost.map(other -> " or " + other).orElse(""));
        }
    }

    /** With the innermost cause: that a validity check failed says less than since when, or until when. */
    private static String reason(CertificateException refused) {
        Throwable innermost = refused;
        Throwable cause = refused.getCause();
        for (int depth = 0; cause != null && depth < CAUSES_MAX; depth++) {
            innermost = cause;
            cause = cause.getCause();
        }
        String said = String.valueOf(refused.getMessage());
        String why = String.valueOf(innermost.getMessage());
        return said.contains(why) ? said : said + ": " + why;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("this side is a client");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
