package io.culvert.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.proxy.inpod.PodSocketSettings;
import io.culvert.proxy.telemetry.log.LogFilter;
import io.culvert.proxy.telemetry.log.LogFormat;
import io.culvert.proxy.telemetry.log.LogLevel;
import io.culvert.xds.channel.TlsProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigReaderTest {

    private static final int CPUS = 8;

    @TempDir
    Path directory;

    private final List<String> warnings = new ArrayList<>();

    private ProxyConfig read(String... pairs) throws ConfigException {
        Map<String, String> variables = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            variables.put(pairs[i], pairs[i + 1]);
        }
        return ConfigReader.read(variables, directory, CPUS, warnings::add);
    }

    @Test
    void defaultsAreThoseOfTheOriginal() throws ConfigException {
        ProxyConfig config = read();
        assertThat(config.features().mode()).isEqualTo(ProxyConfig.Mode.SHARED);
        assertThat(config.features().dnsProxy()).isTrue();
        assertThat(config.xds().address()).isEqualTo("https://localhost:15012");
        assertThat(config.node().clusterId()).isEqualTo("Kubernetes");
        assertThat(config.inpod().agentSocket()).isEqualTo(Path.of("/var/run/ztunnel/ztunnel.sock"));
        assertThat(config.inpod().sockets().mark()).isEqualTo(1337);
        assertThat(config.inpod().sockets().transparency()).isEqualTo(PodSocketSettings.Transparency.BEST_EFFORT);
        assertThat(config.inpod().sockets().keepalive().idle()).isEqualTo(Duration.ofMinutes(3));
        assertThat(config.tunnel())
                .isEqualTo(new ProxyConfig.Tunnel(4_194_304, 16_777_216, 1_048_576, 100, Duration.ofMinutes(5)));
        assertThat(config.terminationDeadline()).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.credentials().token()).isInstanceOf(ProxyConfig.Token.None.class);
        assertThat(config.logging().format()).isEqualTo(LogFormat.PLAIN);
        assertThat(config.workerThreads()).isEqualTo(2);
        assertThat(config.ports().admin()).isEqualTo(15000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "ENABLE_PROXY | yes | (provided string was not `true` or `false`)",
                "ENABLE_PROXY | TRUE | (provided string was not `true` or `false`)",
                "ENABLE_ORIG_SRC | maybe | (provided string was not `true` or `false`)",
                "HTTP2_FRAME_SIZE | 1M | (invalid digit found in string)",
                "HTTP2_FRAME_SIZE | 100 | (must be between 16384 and 16777215)",
                "HTTP2_STREAM_WINDOW_SIZE | 99999999999 | (number too large to fit in target type)",
                "POOL_MAX_STREAMS_PER_CONNECTION | 65536 | (number too large to fit in target type)",
                "PACKET_MARK | 0x539 | (invalid digit found in string)",
                "PACKET_MARK | \"\" | (cannot parse integer from empty string)",
                "SECRET_TTL | 1 fortnight | (not a duration such as 10s or 5m)",
                "SECRET_TTL | \"\" | (not a duration such as 10s or 5m)",
                "POOL_UNUSED_RELEASE_TIMEOUT | soon | (not a duration such as 10s or 5m)",
                "KEEPALIVE_TIME | 3m+1*2 | (not a duration such as 10s or 5m)",
                "KEEPALIVE_INTERVAL | + | (not a duration such as 10s or 5m)",
                "KEEPALIVE_RETRIES | -1 | (invalid digit found in string)",
                "KEEPALIVE_ENABLED | on | (provided string was not `true` or `false`)",
                "USER_TIMEOUT_ENABLED | 1 | (provided string was not `true` or `false`)",
                "IPV6_ENABLED | no | (provided string was not `true` or `false`)",
                "INPOD_PORT_REUSE | \"\" | (provided string was not `true` or `false`)",
                "XDS_ON_DEMAND | yes | (provided string was not `true` or `false`)",
                "FAKE_CA | 0 | (provided string was not `true` or `false`)",
                "UNSTABLE_ENABLE_SOCKS5 | yes | (provided string was not `true` or `false`)",
                "LOCALHOST_APP_TUNNEL | yes | (provided string was not `true` or `false`)",
                "ENABLE_RESPONSE_BAGGAGE | yes | (provided string was not `true` or `false`)",
                "HTTP2_CONNECTION_WINDOW_SIZE | 16MiB | (invalid digit found in string)",
                "ZTUNNEL_CPU_LIMIT | 2.5 | (invalid digit found in string)",
                "CONNECTION_TERMINATION_DEADLINE | -5s | (not a duration such as 10s or 5m)",
                "TERMINATION_GRACE_PERIOD_SECONDS | 30s | (invalid digit found in string)",
                "PROXY_MODE | sidecar | (PROXY_MODE must be one of dedicated, shared)",
                "PROXY_WORKLOAD_INFO | a/b | (must match format 'namespace/name/service-account')",
                "ZTUNNEL_WORKER_THREADS | many | (invalid number: invalid digit found in string)",
                "ZTUNNEL_WORKER_THREADS | x% | (invalid percentage: invalid float literal)",
                "ZTUNNEL_WORKER_THREADS | 0% | (percentage must be between 0 and 100)",
                "ZTUNNEL_WORKER_THREADS | 100.5% | (percentage must be between 0 and 100)",
                "ZTUNNEL_RESOURCE_CPU_REQUEST | 0 | (must be a positive CPU quantity)",
                "ZTUNNEL_RESOURCE_CPU_LIMIT | -1 | (must be a positive CPU quantity)",
                "ZTUNNEL_RESOURCE_CPU_LIMIT | two | (invalid float literal: expected a quantity of CPUs such as ",
                "XDS_ADDRESS | https:// | (invalid uri: expected host:port or https://host:port)",
                "CA_ADDRESS | \"\" | (must be set: certificates come from there)",
                "CULVERT_SPEED | fast | (there is no such setting; known are "
            })
    void namesTheVariableTheValueAndWhatIsWrong(String name, String value, String why) {
        assertThatThrownBy(() -> read(name, value))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("invalid env var " + name + "=" + value + " " + why);
    }

    /** Whoever exports a variable for the demo or the tests can still start a proxy by hand. */
    @Test
    void takesNoOffenceAtVariablesOfTheLauncherAndTheAgent() throws IOException, ConfigException {
        Path root = Path.of("..");
        List<Path> readers = new ArrayList<>(List.of(root.resolve("culvert"), root.resolve(".ci/run")));
        try (var parts = Files.list(root.resolve("launcher"))) {
            parts.filter(Files::isRegularFile).forEach(readers::add);
        }
        readers.add(root.resolve("cni-agent/src/main/java/io/culvert/agent/config/AgentConfig.java"));
        Map<String, String> exported = new HashMap<>();
        for (Path reader : readers) {
            Pattern.compile("CULVERT_[A-Z_]*[A-Z]")
                    .matcher(Files.readString(reader))
                    .results()
                    .forEach(name -> exported.put(name.group(), "1"));
        }
        // The launcher reads these, and the proxy, too.
        exported.keySet().removeIf(name -> name.equals(OwnSettings.BUFFER_MIB));
        assertThat(exported).containsKeys("CULVERT_LAUNCHER_PID", "CULVERT_TEST_MAY_SKIP", "CULVERT_HEALTH_PORT");
        // The proxy's own, which the launcher reads only to size the JVM by it.
        exported.remove("CULVERT_BUFFER_MEMORY_MIB");
        exported.put("CULVERT_DEMO_START_LIMIT_S", "30");
        exported.put("CULVERT_LOG_LEVEL", "debug");
        exported.put("CULVERT_TESTKIT_LOG", "INFO");

        assertThat(ConfigReader.read(exported, directory, CPUS, warnings::add).own())
                .isEqualTo(read().own());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "LOG_FORMAT | xml | plain (write plain or json)",
                "RUST_LOG | loud | info (write a level such as debug, or target=level,target=level)",
                "RUST_LOG | info,proxy=loud | info (write a level such as debug, or target=level,target=level)",
                "TLS12_ENABLED | yes | false (write true or false)",
                "TLS12_ENABLED | TRUE | false (write true or false)",
                "COMPLIANCE_POLICY | fips-140-2 | no policy (write pqc)",
                "AUTHZ_POLICY_INFO_LOGGING | yes | false (write true or false)",
                "ISTIO_META_DNS_CAPTURE | ture | false (write true or false)"
            })
    void warnsOfAValueThatTheOriginalPassesOver(String name, String value, String meaning) throws ConfigException {
        ProxyConfig config = read(name, value, "AUTH_TOKEN", "a literal");
        assertThat(warnings)
                .containsExactly("env var " + name + "=" + value + " is not understood and means " + meaning);
        assertThat(config.logging().format()).isEqualTo(LogFormat.PLAIN);
        assertThat(LogFilter.startup(config.logging().filter()).level("app")).isEqualTo(LogLevel.INFO);
        assertThat(config.features().tls()).isEqualTo(TlsProfile.DEFAULT);
        assertThat(config.features().policyDecisionsAtInfo()).isFalse();
        assertThat(config.features().dnsProxy()).isEqualTo(!name.contains("DNS"));
    }

    @ParameterizedTest
    @CsvSource({
        "LOG_FORMAT, JSON",
        "LOG_FORMAT, plain",
        "RUST_LOG, 'debug,access=off'",
        "RUST_LOG, ''",
        "TLS12_ENABLED, true",
        "TLS12_ENABLED, false",
        "AUTHZ_POLICY_INFO_LOGGING, ''",
        "ISTIO_META_DNS_CAPTURE, True",
        "ISTIO_META_DNS_CAPTURE, false"
    })
    void saysNothingOfAValueThatIsUnderstood(String name, String value) throws ConfigException {
        read(name, value, "AUTH_TOKEN", "a literal");
        assertThat(warnings).isEmpty();
    }

    @Test
    void warnsOfDnsCaptureInTheProxyConfigUnderItsName() throws ConfigException {
        read("PROXY_CONFIG", "{proxyMetadata: {DNS_CAPTURE: on}}", "AUTH_TOKEN", "a literal");
        assertThat(warnings)
                .singleElement()
                .asString()
                .startsWith("env var PROXY_CONFIG: proxyMetadata.DNS_CAPTURE=on ");
    }

    @ParameterizedTest
    @CsvSource({
        "10s, 10",
        "5m, 300",
        "1h30m, 5400",
        "1.5h, 5400",
        "90000ms, 90",
        "0, 0",
        "1m1s, 61",
        "90, 90",
        "1d, 86400",
        "1 day, 86400",
        "2 Weeks, 1209600",
        "1mon, 2592000",
        "1y, 31536000",
        "3m + 31, 211",
        "3m 1s 29000ms, 210",
        "1m*10, 600",
        "1m * 1m, 3600",
        "1MIN, 60"
    })
    void readsDurationsAsTheOriginalDoes(String text, long seconds) throws ConfigException {
        assertThat(read("SECRET_TTL", text).credentials().certificateTtl()).isEqualTo(Duration.ofSeconds(seconds));
    }

    @ParameterizedTest
    @CsvSource({"30, 25", "11, 6", "10, 9", "2, 1", "1, 1", "0, 1"})
    void staysBelowTheGracePeriod(String grace, long seconds) throws ConfigException {
        assertThat(read("TERMINATION_GRACE_PERIOD_SECONDS", grace).terminationDeadline())
                .isEqualTo(Duration.ofSeconds(seconds));
        assertThat(read("TERMINATION_GRACE_PERIOD_SECONDS", grace, "CONNECTION_TERMINATION_DEADLINE", "7s")
                        .terminationDeadline())
                .isEqualTo(Duration.ofSeconds(7));
    }

    @ParameterizedTest
    @CsvSource({
        "ZTUNNEL_WORKER_THREADS, 3, 3",
        "ZTUNNEL_WORKER_THREADS, 0, 8",
        "ZTUNNEL_WORKER_THREADS, 30%, 3",
        "ZTUNNEL_WORKER_THREADS, 1%, 1",
        "ZTUNNEL_WORKER_THREADS, 12.6%, 2",
        "ZTUNNEL_RESOURCE_CPU_LIMIT, 1500m, 2",
        "ZTUNNEL_RESOURCE_CPU_LIMIT, 4, 4",
        "ZTUNNEL_RESOURCE_CPU_REQUEST, 3500m, 4",
        "ZTUNNEL_CPU_LIMIT, 16, 4",
        "ZTUNNEL_CPU_LIMIT, 3, 2",
        "ZTUNNEL_CPU_LIMIT, 2, 1",
        "OTHER, x, 2"
    })
    void sizesItselfToTheCpu(String name, String value, int threads) throws ConfigException {
        assertThat(read(name, value).workerThreads()).isEqualTo(threads);
    }

    @Test
    void proxyConfigComesBeforeTheMachinesSize() throws ConfigException {
        assertThat(read("PROXY_CONFIG", "{concurrency: 5, proxyMetadata: {}}").workerThreads())
                .isEqualTo(5);
        assertThat(read("PROXY_CONFIG", "{concurrency: 0, proxyMetadata: {}}").workerThreads())
                .isEqualTo(CPUS);
    }

    @Test
    void environmentOverridesProxyConfigOverridesMeshFile() throws Exception {
        meshFile("""
                defaultConfig:
                  discoveryAddress: mesh:1
                  statsPort: 1
                  proxyMetadata: {A: mesh, B: mesh, C: mesh}
                """);
        ProxyConfig config = read("PROXY_CONFIG", """
                {"proxyAdminPort": 2, "discoveryAddress": "config:2", "proxyMetadata": {"B": "config", "C": "config"}}
                """, "ISTIO_META_C", "env");
        assertThat(config.ports().stats()).isEqualTo(1);
        assertThat(config.ports().admin()).isEqualTo(2);
        assertThat(config.xds().address()).isEqualTo("https://config:2");
        assertThat(config.ca().address()).isEqualTo("https://localhost:15012");
        assertThat(config.proxyMetadata()).isEqualTo(Map.of("A", "mesh", "B", "config", "C", "env"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{statsPort: 1} | missing field `proxyMetadata`",
                "[1, 2] | the document is not a map",
                "{proxyMetadata: 5} | proxyMetadata is not a map",
                "{proxyMetadata: {}, statsPort: -1} | statsPort=-1 is not a number between 0 and 65535",
                "{proxyMetadata: {}, statsPort: many} | statsPort=many is not a number",
                "\"{a: [\" | error parsing proxy config"
            })
    void refusesAProxyConfigThatItCannotRead(String yaml, String why) {
        assertThatThrownBy(() -> read("PROXY_CONFIG", yaml))
                .hasMessageStartingWith("error parsing proxy config: ")
                .hasMessageContaining(why);
    }

    @Test
    void readsTheTlsProfile() throws ConfigException {
        assertThat(read().features().tls()).isEqualTo(TlsProfile.DEFAULT);
        assertThat(read("TLS12_ENABLED", "true", "COMPLIANCE_POLICY", "pqc")
                        .features()
                        .tls())
                .isEqualTo(new TlsProfile(true, true));
    }

    @ParameterizedTest
    @CsvSource({"localhost:5353", "127.0.0.1:15053", "[::1]:15053"})
    void dnsListensWhereTheMetadataSays(String address) throws ConfigException {
        assertThat(read("ISTIO_META_DNS_PROXY_ADDR", address).dns().address()).hasToString(address);
        assertThat(read().dns().address()).isEqualTo(new DnsAddress.Localhost(15_053));
    }

    @ParameterizedTest
    @CsvSource({"not-an-address", "localhost:", "localhost:65536", "127.0.0.1", "dns.example:53"})
    void anAddressForDnsThatIsNoneIsNamed(String address) {
        assertThatThrownBy(() -> read("ISTIO_META_DNS_PROXY_ADDR", address))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("invalid configuration: failed to parse DNS_PROXY_ADDR: " + address + " (")
                .hasMessageEndingWith("write localhost:15053 or ip:port)");
    }

    @Test
    void nameServersComeFromResolvConfUnlessAnotherFileIsNamed() throws ConfigException {
        assertThat(read().dns().resolvConf()).isEqualTo(Path.of("/etc/resolv.conf"));
        assertThat(read("CULVERT_RESOLV_CONF", "/run/resolv.conf").dns().resolvConf())
                .isEqualTo(Path.of("/run/resolv.conf"));
    }

    @Test
    void dnsCaptureIsOnUnlessMetadataSaysSomethingElseThanTrue() throws ConfigException {
        assertThat(read("ISTIO_META_DNS_CAPTURE", "TRUE").features().dnsProxy()).isTrue();
        assertThat(read("ISTIO_META_DNS_CAPTURE", "false").features().dnsProxy())
                .isFalse();
    }

    @Test
    void refusesSettingsThatContradictEachOther() {
        assertThatThrownBy(() -> read("XDS_ON_DEMAND", "true")).hasMessageStartingWith("invalid configuration: ");
        assertThatThrownBy(() -> read("ENABLE_PROXY", "false", "ISTIO_META_DNS_CAPTURE", "false"))
                .hasMessageStartingWith("invalid configuration: ");
        assertThatThrownBy(() -> read("LOCAL_XDS", "{}", "LOCAL_XDS_PATH", "x"))
                .hasMessageStartingWith("invalid configuration: ");
    }

    @Test
    void tokenAndRootsAreFilesWhereThereAreAny() throws Exception {
        Path token = directory.resolve("var/run/secrets/tokens/istio-token");
        Files.createDirectories(token.getParent());
        Files.writeString(token, "secret");
        assertThat(read().credentials().token()).isEqualTo(new ProxyConfig.Token.File(token));
        assertThat(read("AUTH_TOKEN", "a literal").credentials().token())
                .isEqualTo(new ProxyConfig.Token.Literal("a literal"));
        assertThat(new ProxyConfig.Token.Literal("a literal").toString()).doesNotContain("a literal");
        assertThat(read("XDS_ROOT_CA", "SYSTEM").xds().root()).isInstanceOf(ProxyConfig.RootCert.SystemRoots.class);
        assertThat(read("XDS_ROOT_CA", "-----BEGIN CERTIFICATE-----\n").xds().root())
                .isInstanceOf(ProxyConfig.RootCert.Inline.class);
        assertThat(read("XDS_ROOT_CA", "/no/such/file").xds().root())
                .isEqualTo(new ProxyConfig.RootCert.File(Path.of("/no/such/file")));
    }

    @Test
    void aPathIsATokenFileThoughItIsNotThere() throws ConfigException {
        assertThat(read("AUTH_TOKEN", "/nowhere/token").credentials().token())
                .isEqualTo(new ProxyConfig.Token.File(Path.of("/nowhere/token")));
        assertThat(read("AUTH_TOKEN", "./nowhere/token").credentials().token())
                .isEqualTo(new ProxyConfig.Token.File(directory.resolve("nowhere/token")));
        assertThat(read("AUTH_TOKEN", "header.payload/signature").credentials().token())
                .isInstanceOf(ProxyConfig.Token.Literal.class);
        assertThat(warnings).isEmpty();
    }

    @Test
    void warnsWhenThereIsNoTokenAtAll() throws ConfigException {
        assertThat(read().credentials().token()).isInstanceOf(ProxyConfig.Token.None.class);
        assertThat(warnings)
                .containsExactly("token file " + directory + "/var/run/secrets/tokens/istio-token is missing, so the"
                        + " control plane is asked without a token: mount a projected service account token (audience"
                        + " istio-ca) there, or set AUTH_TOKEN");
        warnings.clear();
        read("XDS_ADDRESS", "", "FAKE_CA", "true");
        assertThat(warnings).as("nobody is asked").isEmpty();
    }

    @Test
    void headersAreLowerCaseAndChecked() throws ConfigException {
        assertThat(read("XDS_HEADER_X_TEST", "v").xds().headers()).isEqualTo(Map.of("x_test", "v"));
        assertThatThrownBy(() -> read("CA_HEADER_A", "line\nbreak"))
                .hasMessageStartingWith("failed to parse header value");
        assertThatThrownBy(() -> read("CA_HEADER_A B", "v")).hasMessageStartingWith("failed to parse header key");
    }

    @Test
    void anEmptyXdsAddressSwitchesItOff() throws ConfigException {
        assertThat(read("XDS_ADDRESS", "").xds().isEnabled()).isFalse();
        assertThat(read("XDS_ADDRESS", "istiod.istio-system.svc:15012").xds().address())
                .isEqualTo("https://istiod.istio-system.svc:15012");
        assertThat(read("KUBERNETES_SERVICE_HOST", "10.0.0.1").xds().address())
                .isEqualTo("https://istiod.istio-system.svc:15012");
    }

    private void meshFile(String text) throws IOException {
        Path file = directory.resolve("etc/istio/config/mesh");
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
