package io.culvert.xds.identity;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;

/**
 * A new key and the request to certify it: ECDSA on P-256, empty subject, one critical subject alternative name, the
 * SPIFFE URI (ztunnel tls/csr.rs). The only class that needs BouncyCastle, which costs memory and start-up time:
 * nothing may load this class before the first request. The provider is the JDK's.
 */
final class SigningRequest {
    private final KeyPair keys;
    private final String pem;

    private SigningRequest(KeyPair keys, String pem) {
        this.keys = keys;
        this.pem = pem;
    }

    static SigningRequest create(Identity identity) throws GeneralSecurityException, IOException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair keys = generator.generateKeyPair();
        GeneralName uri = new GeneralName(GeneralName.uniformResourceIdentifier, identity.toString());
        var name = new Extension(Extension.subjectAlternativeName, true, new GeneralNames(uri).getEncoded());
        try {
            byte[] request = new PKCS10CertificationRequestBuilder(
                            new X500Name(new RDN[0]),
                            SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()))
                    .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, new Extensions(name))
                    .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
                    .getEncoded();
            return new SigningRequest(keys, Pem.block("CERTIFICATE REQUEST", request));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    String pem() {
        return pem;
    }

    KeyPair keys() {
        return keys;
    }
}
