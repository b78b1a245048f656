package io.culvert.xds.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.xds.channel.TestAuthority;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Object;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1Set;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SigningRequestTest {
    private static final Identity RATINGS = new Identity("cluster.local", "bookinfo", "bookinfo-ratings");

    /** Types, object identifiers and extension values, but neither key nor signature. */
    private static List<String> shape(ASN1Encodable element) {
        List<String> shape = new ArrayList<>();
        switch (element.toASN1Primitive()) {
            case ASN1Sequence sequence -> {
                shape.add("SEQUENCE");
                sequence.forEach(part -> shape.addAll(shape(part)));
            }
            case ASN1Set set -> {
                shape.add("SET");
                set.forEach(part -> shape.addAll(shape(part)));
            }
            case ASN1TaggedObject tagged -> {
                shape.add("[" + tagged.getTagNo() + "]");
                shape.addAll(shape(tagged.getBaseObject()));
            }
            case ASN1ObjectIdentifier identifier -> shape.add(identifier.getId());
            case ASN1OctetString octets -> shape.add(octets.toString());
            case ASN1Object other -> shape.add(other.getClass().getSimpleName());
        }
        return shape;
    }

    @Test
    void hasTheShapeOfTheOriginals() throws Exception {
        String original;
        try (var stream = SigningRequestTest.class.getResourceAsStream("/ztunnel-xds/csr.pem")) {
            original = new String(Objects.requireNonNull(stream).readAllBytes(), StandardCharsets.US_ASCII);
        }
        String ours = SigningRequest.create(RATINGS).pem();

        assertThat(shape(TestAuthority.request(ours).toASN1Structure()))
                .isEqualTo(shape(TestAuthority.request(original).toASN1Structure()));
        assertThat(ours.lines().findFirst()).isEqualTo(original.lines().findFirst());
        assertThat(ours).endsWith("-----END CERTIFICATE REQUEST-----\n");
        assertThat(ours.lines().mapToInt(String::length).max()).hasValue(64);
    }

    @Test
    void hasAKeyOfItsOwnEachTime() throws Exception {
        assertThat(SigningRequest.create(RATINGS).keys().getPublic())
                .isNotEqualTo(SigningRequest.create(RATINGS).keys().getPublic());
    }

    /** The length of the name decides how the lengths around it are written: one byte, two, three. */
    @ParameterizedTest
    @ValueSource(ints = {1, 60, 100, 130, 200, 250, 300, 70_000})
    void namesWhomItIsFor(int length) throws Exception {
        Identity identity = new Identity("cluster.local", "bookinfo", "a".repeat(length));

        var request = TestAuthority.request(SigningRequest.create(identity).pem());

        var names = request.getRequestedExtensions().getExtension(Extension.subjectAlternativeName);
        assertThat(names.isCritical()).isTrue();
        assertThat(GeneralNames.getInstance(names.getParsedValue()).getNames())
                .containsExactly(new GeneralName(GeneralName.uniformResourceIdentifier, identity.toString()));
        assertThat(request.getSubject().getRDNs()).isEmpty();
    }

    @Test
    void refusesANameThatTheGrammarCannotHold() {
        Identity identity = new Identity("cluster.local", "bookinfo", "käthe");

        assertThatThrownBy(() -> SigningRequest.create(identity))
                .isInstanceOf(GeneralSecurityException.class)
                .hasMessageContaining("käthe");
    }

    /** BouncyCastle judges here; the proxy does without it, for start-up time and memory. */
    @Test
    void noClassNeedsBouncyCastle() throws IOException {
        Path classes = Path.of("target/classes/io/culvert/xds");
        List<String> users = new ArrayList<>();
        try (var files = Files.walk(classes)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".class")).toList()) {
                String content = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                if (content.contains("org/bouncycastle")) {
                    users.add(classes.relativize(file).toString());
                }
            }
        }
        assertThat(users).isEmpty();
    }
}
