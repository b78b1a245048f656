package io.culvert.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.proxy.config.ConfigReader;
import io.culvert.proxy.config.ProxyConfig;
import io.culvert.proxy.inpod.PodState;
import io.culvert.proxy.inpod.WorkloadUid;
import io.culvert.proxy.rbac.PodConnections;
import io.culvert.proxy.routing.WorkloadRef;
import io.culvert.xds.LocalState;
import io.culvert.xds.identity.CertificateStatus;
import io.culvert.xds.identity.Identity;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ConfigDumpTest {

    /** The environment of the recording. */
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "FAKE_CA", "true",
            "XDS_ADDRESS", "",
            "NODE_NAME", "node-a",
            "INPOD_UDS", "/run/bench/a.sock",
            "ZTUNNEL_WORKER_THREADS", "2");

    /** Of the machine or the run: the resolver, the order of a hash set, the roots of the original's test CA. */
    private static final List<String> VOLATILE_SETTINGS =
            List.of("dnsResolverCfg", "illegalPorts", "caRootCert", "xdsRootCert");

    private static String resource(String name) throws Exception {
        try (InputStream in = ConfigDumpTest.class.getResourceAsStream("/golden/ztunnel/" + name)) {
            return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String dump(Map<WorkloadUid, PodState> pods, List<CertificateStatus> certificates) throws Exception {
        ProxyConfig config = ConfigReader.read(ENVIRONMENT, Path.of("/"), 2, warning -> {});
        FixedSources sources = FixedSources.of(LocalState.parse(resource("mesh.yaml")), pods, certificates);
        byte[] json = new ConfigDump(config, BuildVersion.current("unknown"), sources).json();
        return new String(json, StandardCharsets.UTF_8);
    }

    private static Map<WorkloadUid, PodState> pods() {
        return Map.of(
                new WorkloadUid("a-00000000-uid"),
                new PodState.Up(new WorkloadRef("a0", "default", "a0"), new PodConnections()),
                new WorkloadUid("a-00000001-uid"),
                new PodState.Up(new WorkloadRef("a1", "default", "a1"), new PodConnections()));
    }

    private static String pretty(JsonElement element) {
        return new GsonBuilder().setPrettyPrinting().serializeNulls().create().toJson(element);
    }

    @Test
    void equalsTheOriginalsDumpOfTheSameMesh() throws Exception {
        JsonObject golden =
                JsonParser.parseString(resource("config_dump-a.json")).getAsJsonObject();
        JsonObject ours = JsonParser.parseString(dump(pods(), List.of())).getAsJsonObject();
        assertThat(ours.keySet()).isEqualTo(golden.keySet());
        for (String section :
                List.of("policies", "services", "stagedServices", "staticConfig", "workloadState", "workloads")) {
            assertThat(pretty(ours.get(section))).as(section).isEqualTo(pretty(golden.get(section)));
        }
        assertThat(ours.getAsJsonObject("version").keySet())
                .isEqualTo(golden.getAsJsonObject("version").keySet());
        JsonObject config = ours.getAsJsonObject("config");
        JsonObject goldenConfig = golden.getAsJsonObject("config");
        assertThat(config.keySet()).isEqualTo(goldenConfig.keySet());
        VOLATILE_SETTINGS.forEach(config::remove);
        VOLATILE_SETTINGS.forEach(goldenConfig::remove);
        assertThat(pretty(config)).isEqualTo(pretty(goldenConfig));
    }

    @Test
    void tellsTheRevisionThatWasBuiltInTheOriginalsForm() throws Exception {
        JsonObject version = JsonParser.parseString(dump(Map.of(), List.of()))
                .getAsJsonObject()
                .getAsJsonObject("version");
        String revision = version.get("gitRevision").getAsString();

        assertThat(revision).matches("[0-9a-f]{40}(-dirty)?|unknown");
        assertThat(version.get("buildStatus").getAsString())
                .isEqualTo(revision.equals("unknown") ? "Unknown" : revision.endsWith("-dirty") ? "Modified" : "Clean");
        assertThat(version.get("version").getAsString()).matches("culvert-\\d+\\.\\d+\\.\\d+.*");
    }

    @Test
    void isIndentedAndOrderedAsTheOriginal() throws Exception {
        List<String> golden = resource("config_dump-a.json").lines().toList();
        int from = golden.indexOf("  \"policies\": [");
        int to = golden.indexOf("  \"version\": {");
        List<String> ours = dump(pods(), List.of()).lines().toList();
        int start = ours.indexOf("  \"policies\": [");
        assertThat(ours.subList(start, start + to - from)).isEqualTo(golden.subList(from, to));
    }

    @Test
    void showsAPendingPodAndAnIdentityWithoutCertificate() throws Exception {
        JsonObject ours = JsonParser.parseString(dump(
                        Map.of(new WorkloadUid("u"), new PodState.Pending(new WorkloadRef("n", "ns", "sa"))),
                        List.of(new CertificateStatus(
                                new Identity("td", "ns", "sa"), new CertificateStatus.State.Unavailable("no CA")))))
                .getAsJsonObject();
        assertThat(ours.getAsJsonObject("workloadState").toString())
                .isEqualTo("{\"u\":{\"info\":{\"name\":\"n\",\"namespace\":\"ns\",\"serviceAccount\":\"sa\"},"
                        + "\"state\":\"Pending\"}}");
        assertThat(ours.getAsJsonArray("certificates").toString())
                .isEqualTo("[{\"certChain\":[],\"identity\":\"spiffe://td/ns/ns/sa/sa\",\"rootCerts\":[],"
                        + "\"state\":\"Unavailable: no CA\"}]");
    }

    @Test
    void tellsNoSecrets() throws Exception {
        ProxyConfig config = ConfigReader.read(
                Map.of(
                        "AUTH_TOKEN", "sesame",
                        "XDS_HEADER_KEY", "hidden",
                        "CA_HEADER_KEY", "hidden",
                        "XDS_ROOT_CA", "-----BEGIN X"),
                Path.of("/"),
                2,
                warning -> {});
        assertThat(ConfigDump.settings(config))
                .doesNotContain("sesame")
                .doesNotContain("hidden")
                .contains("\"Static\"");
    }
}
