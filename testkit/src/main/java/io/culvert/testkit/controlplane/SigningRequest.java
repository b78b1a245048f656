package io.culvert.testkit.controlplane;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/** A PKCS#10 request whose sender proved to hold the key. What it asks for beside that is not looked at, as istiod. */
record SigningRequest(PublicKey key) {
    /** A request for a P-256 key has some 300 bytes. */
    private static final int CHARACTERS_MAX = 16 * 1024;

    private static final int P256_BITS = 256;

    /** @throws InvalidRequestException if it is no such request; the message says why */
    static SigningRequest parse(String pem) throws InvalidRequestException {
        if (pem.length() > CHARACTERS_MAX) {
            throw new InvalidRequestException("longer than " + CHARACTERS_MAX + " characters");
        }
        try {
            JcaPKCS10CertificationRequest request =
                    new JcaPKCS10CertificationRequest(Pem.decode("CERTIFICATE REQUEST", pem));
            PublicKey key = request.getPublicKey();
            if (!(key instanceof ECPublicKey ec)
                    || ec.getParams().getCurve().getField().getFieldSize() != P256_BITS) {
                throw new InvalidRequestException("the key is not of ECDSA P-256");
            }
            if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
                throw new InvalidRequestException("the signature is not of the key");
            }
            return new SigningRequest(key);
        } catch (IllegalArgumentException
                | IOException
                | GeneralSecurityException
                | OperatorCreationException
                | PKCSException e) {
            throw new InvalidRequestException("not a PKCS#10 request: " + e.getMessage());
        }
    }

    /** Why a request is refused. */
    static final class InvalidRequestException extends Exception {
        private static final long serialVersionUID = 1;

        InvalidRequestException(String message) {
            super(message);
        }
    }
}
