package io.culvert.xds.channel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MessageSizeTest {
    private static final long MIB = 1024 * 1024;

    @ParameterizedTest(name = "of {0} MiB of heap {1}")
    @CsvSource({"96, 48", "256, 128", "400, 200", "8192, 200", "8796093022207, 200"})
    void takesNoMessageThatWouldNotFitAndNoneOverTwoHundredMebibytes(long heap, long expected) {
        assertThat(GrpcTransport.messageBytesMax(heap * MIB)).isEqualTo(expected * MIB);
    }
}
