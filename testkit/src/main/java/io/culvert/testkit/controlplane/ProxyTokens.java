package io.culvert.testkit.controlplane;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The bearer tokens of proxies. A token has the look of a JWT and says whose it is, for people who debug; it is
 * believed only because it is known here. May be used from any thread.
 */
public final class ProxyTokens {
    private static final int SIGNATURE_BYTES = 32;

    private final SecureRandom random = new SecureRandom();
    private final Map<String, ProxyAccount> accounts = new ConcurrentHashMap<>();

    public String issue(ProxyAccount account) {
        byte[] signature = new byte[SIGNATURE_BYTES];
        random.nextBytes(signature);
        String claims = "{\"aud\":[\"istio-ca\"],\"sub\":\"system:serviceaccount:" + account.namespace() + ":"
                + account.serviceAccount() + "\",\"node\":\"" + account.node() + "\",\"pod\":\"" + account.pod()
                + "\"}";
        String token = part("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8)) + "."
                + part(claims.getBytes(StandardCharsets.UTF_8)) + "." + part(signature);
        accounts.put(token, account);
        return token;
    }

    private static String part(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** From now on the token is nobody's, as if it had expired. */
    public void revoke(String token) {
        accounts.remove(token);
    }

    Optional<ProxyAccount> account(String token) {
        return Optional.ofNullable(accounts.get(token));
    }
}
