package io.culvert.perf.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

final class MessageTest {

    @Test
    void findsMessagesHoweverTheyAreCut() throws IOException {
        ByteBuffer stream = ByteBuffer.allocate(16 + 40);
        Message.putHeader(stream, 16, 64, 7);
        Message.putHeader(stream.slice(16, 40), 40, 1_024, 8);
        for (int cut = 0; cut <= stream.capacity(); cut++) {
            List<Long> stamps = new ArrayList<>();
            Message.Scanner scanner = new Message.Scanner(false, (request, response, stamp) -> stamps.add(stamp));

            scanner.scan(stream.slice(0, cut));
            scanner.scan(stream.slice(cut, stream.capacity() - cut));

            assertThat(stamps).as("cut at %d", cut).containsExactly(7L, 8L);
        }
    }

    @Test
    void refusesALengthThatIsNotOurs() {
        ByteBuffer nonsense = ByteBuffer.allocate(16);
        Message.putHeader(nonsense, 3, 3, 0);

        assertThatThrownBy(() -> new Message.Scanner(false, (request, response, stamp) -> {}).scan(nonsense))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("3 bytes");
    }

    @Test
    void linesComeBackAsTheyWereSaid() {
        Line line = Line.of("failed").with("why", "a=b c\nd%").with("count", 3);

        assertThat(line.toString()).doesNotContain("\n");
        assertThat(Line.parse(line.toString())).isEqualTo(line);
    }

    @Test
    void histogramsComeBackAsTheyWere() {
        Histogram histogram = Latencies.empty();
        Latencies.record(histogram, 1_500_000);
        Latencies.record(histogram, Long.MAX_VALUE);

        assertThat(Latencies.decode(Latencies.encode(histogram))).isEqualTo(histogram);
    }
}
