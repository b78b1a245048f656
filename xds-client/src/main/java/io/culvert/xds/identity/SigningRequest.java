package io.culvert.xds.identity;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;

/**
 * A new key and the request to certify it: ECDSA on P-256, empty subject, one critical subject alternative name, the
 * SPIFFE URI (ztunnel tls/csr.rs). Written by hand (RFC 2986 section 4): a request is one fixed form of two hundred
 * bytes, for which BouncyCastle would be ten megabytes of jars, half of them read and verified at every start.
 */
final class SigningRequest {
    /** pkcs-9-at-extensionRequest (RFC 2985 section 5.4.2). */
    private static final byte[] EXTENSION_REQUEST = Der.identifier(1, 2, 840, 113549, 1, 9, 14);

    /** id-ce-subjectAltName (RFC 5280 section 4.2.1.6). */
    private static final byte[] SUBJECT_ALTERNATIVE_NAME = Der.identifier(2, 5, 29, 17);

    /** ecdsa-with-SHA256 (RFC 5758 section 3.2), without parameters. */
    private static final byte[] ECDSA_WITH_SHA256 = Der.value(Der.SEQUENCE, Der.identifier(1, 2, 840, 10045, 4, 3, 2));

    /** The choice uniformResourceIdentifier of GeneralName (RFC 5280 section 4.2.1.6). */
    private static final int URI_NAME = Der.CONTEXT | 6;

    private static final byte[] TRUE = {(byte) 0xff};
    private static final byte[] VERSION_0 = {0};
    private static final byte[] NO_UNUSED_BITS = {0};

    private final KeyPair keys;
    private final String pem;

    private SigningRequest(KeyPair keys, String pem) {
        this.keys = keys;
        this.pem = pem;
    }

    static SigningRequest create(Identity identity) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair keys = generator.generateKeyPair();
        byte[] information = Der.value(
                Der.SEQUENCE,
                Der.value(Der.INTEGER, VERSION_0),
                Der.value(Der.SEQUENCE), // nobody's name: the identity is the URI
                keys.getPublic().getEncoded(), // a SubjectPublicKeyInfo already
                Der.value(Der.CONTEXT_CONSTRUCTED, extensionRequest(identity)));
        Signature signer = Signature.getInstance("SHA256withECDSA");
        signer.initSign(keys.getPrivate());
        signer.update(information);
        byte[] request = Der.value(
                Der.SEQUENCE, information, ECDSA_WITH_SHA256, Der.value(Der.BIT_STRING, NO_UNUSED_BITS, signer.sign()));
        return new SigningRequest(keys, Pem.block("CERTIFICATE REQUEST", request));
    }

    private static byte[] extensionRequest(Identity identity) throws GeneralSecurityException {
        String spiffe = identity.toString();
        // The grammar takes ASCII only (IA5String), and a name that was changed to fit would be somebody else's.
        if (!spiffe.chars().allMatch(c -> c < 0x80)) {
            throw new GeneralSecurityException("not an ASCII identity: " + spiffe);
        }
        byte[] uri = spiffe.getBytes(StandardCharsets.US_ASCII);
        byte[] names = Der.value(Der.SEQUENCE, Der.value(URI_NAME, uri));
        byte[] extension = Der.value(
                Der.SEQUENCE,
                SUBJECT_ALTERNATIVE_NAME,
                Der.value(Der.BOOLEAN, TRUE),
                Der.value(Der.OCTET_STRING, names));
        return Der.value(Der.SEQUENCE, EXTENSION_REQUEST, Der.value(Der.SET, Der.value(Der.SEQUENCE, extension)));
    }

    String pem() {
        return pem;
    }

    KeyPair keys() {
        return keys;
    }
}
