package io.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NetworkConfigTest {
    private static final String RESULT = """
            { "cniVersion" : "1.0.0", "x":[1.50,1e3,"a\\u0062}", {"prevResult":{}}],
              "ips":[{"address":"10.1.2.3/24","gateway":"10.1.2.1"},{"address":"fd00::3/64"}] }""";

    @Test
    void passesThePreviousResultOnByteForByte() {
        NetworkConfig config = parse("{\"a\":{\"prevResult\":1},\"name\":\"prevResult\", \"prevResult\" :  " + RESULT
                + "  ,\"cniVersion\":\"1.0.0\"}");

        assertThat(new String(config.answer(), StandardCharsets.UTF_8)).isEqualTo(RESULT);
        assertThat(config.cniVersion()).isEqualTo("1.0.0");
    }

    @Test
    void passesOnAResultThatIsTheLastMember() {
        assertThat(text(parse("{\"prevResult\":{\"é\":\"ü\\\"\"}\n}"))).isEqualTo("{\"é\":\"ü\\\"\"}");
    }

    @Test
    void answersAnEmptyResultWhereThereIsNone() {
        assertThat(text(parse("{\"cniVersion\":\"0.4.0\"}"))).isEqualTo("{\"cniVersion\":\"0.4.0\"}");
        assertThat(text(parse("{\"prevResult\":null}"))).isEqualTo("{\"cniVersion\":\"0.1.0\"}");
    }

    @Test
    void readsTheAddressesOfOldAndNewResults() {
        assertThat(parse("{\"prevResult\":" + RESULT + "}").ips())
                .containsExactly(InetAddress.ofLiteral("10.1.2.3"), InetAddress.ofLiteral("fd00::3"));
        assertThat(parse("{\"prevResult\":{\"ip4\":{\"ip\":\"10.0.0.9/16\"},\"ip6\":{\"ip\":\"fd00::9/64\"}}}")
                        .ips())
                .containsExactly(InetAddress.ofLiteral("10.0.0.9"), InetAddress.ofLiteral("fd00::9"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{\"a\":1} x",
                "{'a':1}",
                "{\"cniVersion\":\"1.0.0\\\",\\\"x\"}",
                "{\"cniVersion\":7.5.5}",
                "{\"prevResult\":{\"ips\":[{\"address\":\"example.com/24\"}]}}",
                "{\"prevResult\":{\"ips\":[7]}}",
            })
    void refusesWhatIsNoConfiguration(String json) {
        assertThatThrownBy(() -> parse(json)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesNestingWithoutEnd() {
        assertThatThrownBy(() -> parse("{\"a\":" + "[".repeat(100_000))).isInstanceOf(IllegalArgumentException.class);
    }

    private static NetworkConfig parse(String json) {
        return NetworkConfig.parse(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(NetworkConfig config) {
        return new String(config.answer(), StandardCharsets.UTF_8);
    }
}
