package io.culvert.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AgentConfigTest {
    @Test
    void readsTheOriginalsDefaults() throws ConfigException {
        AgentConfig config = AgentConfig.read(Map.of("NODE_NAME", "node-1"));

        assertThat(config.nodeName()).isEqualTo("node-1");
        assertThat(config.ambientEnabled()).isFalse();
        assertThat(config.ipv6()).isFalse();
        assertThat(config.dnsCapture()).isFalse();
        assertThat(config.systemNamespace()).isEqualTo("istio-system");
        assertThat(config.eventSocket()).isEqualTo(Path.of("/var/run/istio-cni/pluginevent.sock"));
        assertThat(config.zdsSocket()).isEqualTo(Path.of("/var/run/ztunnel/ztunnel.sock"));
        assertThat(config.healthPort()).isEqualTo(8000);
        assertThat(config.metricsPort()).isEqualTo(15014);
        assertThat(config.probeAddress4()).isEqualTo(InetAddress.ofLiteral("169.254.7.127"));
    }

    @Test
    void readsWhatIsSet() throws ConfigException {
        AgentConfig config = read(
                "AMBIENT_ENABLED", "True",
                "AMBIENT_IPV6", "1",
                "EXCLUDE_NAMESPACES", " kube-system ,, other",
                "CNI_AGENT_RUN_DIR", "/run/x/../y",
                "CULVERT_HOST_ROOT", "/");

        assertThat(config.ambientEnabled()).isTrue();
        assertThat(config.ipv6()).isTrue();
        assertThat(config.eligibility().excludes("kube-system")).isTrue();
        assertThat(config.eligibility().excludes("other")).isTrue();
        assertThat(config.eligibility().excludes("")).isFalse();
        assertThat(config.runDir()).isEqualTo(Path.of("/run/y"));
        assertThat(config.hostProc()).isEqualTo(Path.of("/proc"));
    }

    @Test
    void readsAnEmptyFlagAsFalse() throws ConfigException {
        assertThat(read("AMBIENT_ENABLED", "").ambientEnabled()).isFalse();
    }

    @Test
    void demandsTheNodesName() {
        assertThatThrownBy(() -> AgentConfig.read(Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("NODE_NAME=\"\"")
                .hasMessageContaining("spec.nodeName");
    }

    @ParameterizedTest
    @CsvSource({
        "AMBIENT_ENABLED, ture, write true or false",
        "AMBIENT_IPV6, yes, write true or false",
        "MONITORING_PORT, 70000, port number",
        "MONITORING_PORT, x, port number",
        "CNI_AGENT_RUN_DIR, run/istio, absolute path",
        "HOST_PROBE_SNAT_IP, fd00::1, IPv4 address",
        "HOST_PROBE_SNAT_IP, example.com, IPv4 address",
        "HOST_PROBE_SNAT_IPV6, 1.2.3.4, IPv6 address",
        "AMBIENT_ENABLEMENT_SELECTOR, [{podSelektor: {}}], podSelektor",
        "AMBIENT_ENABLEMENT_SELECTOR, {, not YAML",
    })
    void namesVariableValueAndRemedyOfWhatItCannotUse(String variable, String value, String remedy) {
        assertThatThrownBy(() -> read(variable, value))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(variable + "=\"" + value + "\": ")
                .hasMessageContaining(remedy);
    }

    private static AgentConfig read(String... pairs) throws ConfigException {
        Map<String, String> variables = new HashMap<>(Map.of("NODE_NAME", "node-1"));
        for (int i = 0; i < pairs.length; i += 2) {
            variables.put(pairs[i], pairs[i + 1]);
        }
        return AgentConfig.read(variables);
    }
}
