package io.culvert.testkit.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class AccessLineTest {
    @Test
    void plainLineIsTakenApart() {
        String line = "2026-11-21T01:43:42.583281Z\terror\taccess\tconnection complete\tsrc.addr=10.61.1.11:32770"
                + " src.workload=\"a1\" dst.addr=10.61.2.10:15008 direction=\"inbound\" bytes_sent=0 duration=\"0ms\""
                + " error=\"connection closed due to policy rejection: explicitly denied by: default/deny-a1\"";
        assertThat(AccessLine.parse(line)).hasValueSatisfying(access -> {
            assertThat(access.level()).isEqualTo("error");
            assertThat(access.isEnd()).isTrue();
            assertThat(access.isInbound()).isTrue();
            assertThat(access.field("src.addr")).isEqualTo("10.61.1.11:32770");
            assertThat(access.field("src.workload")).isEqualTo("a1");
            assertThat(access.field("error")).endsWith("explicitly denied by: default/deny-a1");
            assertThat(access.field("dst.service")).isEmpty();
        });
    }

    @Test
    void jsonLineIsTakenApart() {
        String line = "{\"level\":\"info\",\"time\":\"2026-11-21T01:43:50Z\",\"scope\":\"access\","
                + "\"message\":\"connection complete\",\"src.workload\":\"a0\","
                + "\"direction\":\"outbound\",\"bytes_sent\":83,"
                + "\"span\":{\"id\":\"1\"}}";
        assertThat(AccessLine.parse(line)).hasValueSatisfying(access -> {
            assertThat(access.level()).isEqualTo("info");
            assertThat(access.isOutbound()).isTrue();
            assertThat(access.fields()).containsEntry("bytes_sent", "83").doesNotContainKey("time");
        });
    }

    @Test
    void otherLinesAreNotOfTheAccessLog() {
        assertThat(AccessLine.parse("2026-11-21T01:43:42Z\tinfo\txds::client\tStream established\t"))
                .isEmpty();
        assertThat(AccessLine.parse("")).isEmpty();
        assertThat(AccessLine.parse("{\"scope\":\"access\",\"message\":\"conn")).isEmpty();
        assertThat(AccessLine.parse("{\"scope\":\"ztunnel::app\",\"message\":\"x\"}"))
                .isEmpty();
    }
}
