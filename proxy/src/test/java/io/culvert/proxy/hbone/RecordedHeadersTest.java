package io.culvert.proxy.hbone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Header blocks that the original sent: Huffman code, its own table, static references. */
class RecordedHeadersTest {

    private static final Pattern HEADERS = Pattern.compile("HEADERS flags=0x\\d\\d stream=1 len=\\d+ ([0-9a-f]+)");
    private static final int LIST_MAX = 65_536;
    private static final ConnectRequest REQUEST = ConnectRequest.to(
            "10.61.2.10:8080",
            List.of(
                    new Header("baggage", "k8s.namespace.name=default"),
                    new Header("forwarded", "for=\"10.61.1.10:51886\""),
                    new Header("traceparent", "00-1a2f069bdcfe9e4bdcc700696f479216-401b0bfa95c1e951-00")));

    private static List<byte[]> blocks(String file) throws IOException {
        try (InputStream in = RecordedHeadersTest.class.getResourceAsStream("/golden/ztunnel-hbone/" + file)) {
            String text = new String(Objects.requireNonNull(in, file).readAllBytes(), StandardCharsets.UTF_8);
            return HEADERS.matcher(text)
                    .results()
                    .map(found -> HexFormat.of().parseHex(found.group(1)))
                    .toList();
        }
    }

    @Test
    void readsTheRequest() throws Exception {
        byte[] block = blocks("outbound.txt").getFirst();
        assertThat(new HeaderBlocks(LIST_MAX).decodeRequest(1, block, block.length))
                .isEqualTo(REQUEST);
    }

    /** The recorded block leaves its five fields in the table; the same request again is five references to them. */
    @Test
    void readsTheSameRequestFromTheTableThatItLeft() throws Exception {
        byte[] block = blocks("outbound.txt").getFirst();
        HeaderBlocks blocks = new HeaderBlocks(LIST_MAX);
        assertThat(blocks.decodeRequest(1, block, block.length)).isEqualTo(REQUEST);
        byte[] again = {(byte) 0xc2, (byte) 0xc1, (byte) 0xc0, (byte) 0xbf, (byte) 0xbe};
        assertThat(blocks.decodeRequest(3, again, again.length)).isEqualTo(REQUEST);
    }

    @Test
    void readsTheAnswers() throws Exception {
        List<byte[]> answers = blocks("inbound.txt");
        assertThat(answers).hasSize(12);
        HeaderBlocks oneConnection = new HeaderBlocks(LIST_MAX);
        for (byte[] block : answers) {
            ConnectResponse fresh = new HeaderBlocks(LIST_MAX).decodeResponse(1, block, block.length);
            assertThat(oneConnection.decodeResponse(1, block, block.length)).isEqualTo(fresh);
            switch (fresh.status()) {
                case 200 ->
                    assertThat(fresh.headers()).containsExactly(new Header("baggage", "k8s.namespace.name=default"));
                case 400, 503 -> assertThat(fresh.headers()).isEmpty();
                default -> throw new AssertionError(fresh);
            }
        }
    }

    /** What we write reads as what the original wrote, field for field and in its order. */
    @Test
    void writesWhatTheOriginalWrote() throws Exception {
        byte[] block = new HeaderBlocks(LIST_MAX).encodeRequest(REQUEST);
        byte[] recorded = blocks("outbound.txt").getFirst();
        assertThat(new HeaderBlocks(LIST_MAX).decodeRequest(1, block, block.length))
                .isEqualTo(new HeaderBlocks(LIST_MAX).decodeRequest(1, recorded, recorded.length));
    }
}
