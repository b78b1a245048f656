package io.culvert.xds.identity;

import static org.assertj.core.api.Assertions.assertThat;

import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written is what BouncyCastle writes. */
final class DerTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 127, 128, 255, 256, 65_535, 65_536, 16_777_216})
    void writesLengthsOfEverySize(int length) throws Exception {
        byte[] content = new byte[length];

        assertThat(Der.value(Der.OCTET_STRING, content))
                .isEqualTo(new DEROctetString(content).getEncoded(ASN1Encoding.DER));
    }

    @Test
    void writesIdentifiersWithArcsOfEverySize() throws Exception {
        assertThat(Der.identifier(2, 5, 0, 1, 127, 128, 16_383, 16_384, Integer.MAX_VALUE))
                .isEqualTo(new ASN1ObjectIdentifier("2.5.0.1.127.128.16383.16384.2147483647")
                        .getEncoded(ASN1Encoding.DER));
    }
}
