package io.culvert.agent.zds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.agent.netns.WorkloadIdentity;
import io.culvert.agent.pod.PodUid;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class ZdsMessagesTest {
    @Test
    void writesTheBytesOfTheWire() {
        assertThat(hex(ZdsMessages.snapshotSent())).isEqualTo("1a00");
        assertThat(hex(ZdsMessages.remove(new PodUid("a")))).isEqualTo("1203" + "120161");
        assertThat(hex(ZdsMessages.keep(new PodUid("a")))).isEqualTo("2a03" + "0a0161");
        assertThat(hex(ZdsMessages.add(new PodUid("a"), new WorkloadIdentity("n", "s", "c"))))
                .isEqualTo("0a0e" + "0a0161" + "1209" + "0a016e" + "120173" + "1a0163");
    }

    @Test
    void readsAnswersAndRefusesWhatIsNone() throws ProxyException {
        assertThat(ZdsMessages.answerError(HexFormat.of().parseHex("0a00"))).isEmpty();
        assertThat(ZdsMessages.answerError(HexFormat.of().parseHex("0a030a016e")))
                .isEqualTo("n");
        assertThatThrownBy(() -> ZdsMessages.answerError(new byte[] {(byte) 0xff}))
                .isInstanceOf(ProxyException.class);
        assertThatThrownBy(() -> ZdsMessages.answerError(new byte[0])).hasMessageContaining("without ack");
    }

    @Test
    void fitsTheLongestNamesInOneRecord() {
        WorkloadIdentity longest = new WorkloadIdentity("n".repeat(253), "s".repeat(63), "c".repeat(253));
        assertThat(ZdsMessages.add(new PodUid("a".repeat(128)), longest))
                .hasSizeLessThanOrEqualTo(ZdsMessages.RECORD_BYTES_MAX);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
