package io.culvert.testkit.network;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class ServerHelloTest {
    /** A record, a ServerHello, TLS 1.3 with AES-128-GCM and an x25519 share of which two bytes are given. */
    private static final String HELLO =
            "160303 0042 02 00003e 0303" + "11".repeat(32) + "00 1301 00 000e" + " 002b 0002 0304 0033 0004 001d 0000";

    @Test
    void choiceIsReadFromTheMessage() {
        assertThat(ServerHello.parse(bytes(HELLO))).hasValueSatisfying(hello -> {
            assertThat(hello.versionName()).isEqualTo("TLS 1.3");
            assertThat(hello.cipherName()).isEqualTo("TLS_AES_128_GCM_SHA256");
            assertThat(hello.groupName()).isEqualTo("x25519");
        });
    }

    @Test
    void keyShareMayReachIntoTheNextSegment() {
        String large = HELLO.replace("0004 001d 0000", "0464 11ec 0000").replace("000e", "046e");
        assertThat(ServerHello.parse(bytes(large)))
                .hasValueSatisfying(hello -> assertThat(hello.groupName()).isEqualTo("X25519MLKEM768"));
    }

    @Test
    void truncatedOrOtherBytesAreNotAServerHello() {
        ByteString whole = bytes(HELLO);
        for (int length = 0; length < 60; length++) {
            assertThat(ServerHello.parse(whole.substring(0, length)))
                    .as("%d bytes", length)
                    .isEmpty();
        }
        assertThat(ServerHello.parse(bytes("170303 0042 02" + "00".repeat(80)))).isEmpty();
        assertThat(ServerHello.parse(ByteString.copyFromUtf8("HTTP/1.1 200 OK\r\n\r\n")))
                .isEmpty();
    }

    private static ByteString bytes(String hex) {
        return ByteString.copyFrom(HexFormat.of().parseHex(hex.replace(" ", "")));
    }
}
