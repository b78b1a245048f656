package io.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.agent.enrol.AddRequest;
import io.culvert.agent.pod.PodRef;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CmdAddJsonTest {
    @Test
    void readsWhatIstiosPluginSends() {
        AddRequest request = parse("""
                {"Netns":"/var/run/netns/cni-1","PodName":"a","PodNamespace":"b","IPs":[
                 {"Interface":0,"Address":{"IP":"10.0.0.1","Mask":"////AA=="},"Gateway":"10.0.0.254"},
                 {"Interface":null,"Address":{"IP":"::ffff:10.0.0.2","Mask":"/////w=="},"Gateway":""}]}""");

        assertThat(request.pod()).isEqualTo(new PodRef("b", "a"));
        assertThat(request.netnsPath()).isEqualTo("/var/run/netns/cni-1");
        assertThat(request.ips()).containsExactly(InetAddress.ofLiteral("10.0.0.1"), InetAddress.ofLiteral("10.0.0.2"));
    }

    @Test
    void readsNoAddresses() {
        assertThat(parse("{\"Netns\":\"/n\",\"PodName\":\"a\",\"PodNamespace\":\"b\",\"IPs\":null}")
                        .ips())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"Netns\":\"/n\",\"PodName\":\"a\"}",
                "{\"Netns\":\"/n\",\"PodName\":\"a\",\"PodNamespace\":\"b\"} {}",
                "{\"Netns\":[],\"PodName\":\"a\",\"PodNamespace\":\"b\"}",
                "{\"Netns\":\"/n\",\"PodName\":\"a\",\"PodNamespace\":\"b\",\"IPs\":[{\"Address\":{\"IP\":\"x\"}}]}",
                "{\"Netns\":\"/n\",\"PodName\":\"a\",\"PodNamespace\":\"b\",\"IPs\":{}}",
                "nonsense",
            })
    void refusesWhatIsNoEvent(String json) {
        assertThatThrownBy(() -> parse(json)).isInstanceOf(IllegalArgumentException.class);
    }

    private static AddRequest parse(String json) {
        return CmdAddJson.parse(json.getBytes(StandardCharsets.UTF_8));
    }
}
