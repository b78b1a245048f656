package io.culvert.perf.subject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class Iperf3Test {

    @Test
    void takesWhatTheServerReceivedAndWhatBothTook() throws IOException {
        Iperf3.Result result = Iperf3.parse("""
                {"start": {}, "intervals": [], "end": {"streams": [],
                 "sum_sent": {"seconds": 2.0, "bytes": 999, "bits_per_second": 999},
                 "sum_received": {"seconds": 2.0, "bytes": 500000000, "bits_per_second": 2000000000.0},
                 "cpu_utilization_percent": {"host_total": 30.0, "host_user": 1, "remote_total": 45.0}}}
                """);

        assertThat(result).isEqualTo(new Iperf3.Result(2, 0.5, 1.5));
    }

    @Test
    void tellsWhatIperf3Tells() {
        assertThatThrownBy(() -> Iperf3.parse("{\"error\": \"unable to connect to server\"}"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("unable to connect to server");
    }

    @Test
    void refusesWhatIsNoResult() {
        for (String said : new String[] {"", "{", "[]", "{}", "{\"end\": {}}", "iperf3: no such option"}) {
            assertThatThrownBy(() -> Iperf3.parse(said)).as(said).isInstanceOf(IOException.class);
        }
    }
}
