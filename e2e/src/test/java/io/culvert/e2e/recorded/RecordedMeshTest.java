package io.culvert.e2e.recorded;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.e2e.mesh.Programs;
import io.culvert.e2e.recorded.JsonDifference.Rule;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The recorded calls over our proxies: what clients, operators and scrapers see is what they saw of the original. */
@Tag("e2e")
final class RecordedMeshTest {

    /** Of the runtime, not of the mesh (docs/DIFFERENCES.md): these families are in one program only. */
    private static final String[] OF_THE_RUNTIME = {"tokio_", "jvm_", "culvert_"};

    /** What differs between two runs or two machines, or is told to the test's proxies otherwise. */
    private static final Map<String, Rule> RULES = Map.ofEntries(
            Map.entry("certificates[].certChain", Rule.SHAPE),
            Map.entry("certificates[].rootCerts", Rule.SHAPE),
            Map.entry("config.caAddress", Rule.IGNORED), // the recorded proxies made their certificates themselves
            Map.entry("config.caRootCert", Rule.IGNORED),
            Map.entry("config.xdsRootCert", Rule.IGNORED),
            Map.entry("config.fakeCa", Rule.SHAPE),
            Map.entry("config.dnsResolverCfg", Rule.SHAPE),
            Map.entry("config.illegalPorts", Rule.SHAPE), // a hash set's order
            Map.entry("config.inpodUds", Rule.SHAPE),
            Map.entry("config.numWorkerThreads", Rule.SHAPE),
            Map.entry("config.proxyMetadata", Rule.IGNORED), // ISTIO_META_* of the environment
            Map.entry("config.selfTerminationDeadline", Rule.SHAPE),
            Map.entry("version", Rule.SHAPE));

    @TempDir
    private static Path directory;

    private static RecordedMesh mesh;
    private static RecordedCalls calls;

    @BeforeAll
    static void start() throws IOException {
        Programs.assumeMeshesCanRun();
        mesh = RecordedMesh.start(directory, Golden.text("ztunnel/mesh.yaml"), Set.of(), Map.of());
        calls = RecordedCalls.make(mesh);
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @Test
    void clientsSeeWhatTheySaw() {
        Map<String, String> seen = new LinkedHashMap<>();
        calls.results().forEach((name, result) -> seen.put(name, asCurlSaysIt(result)));
        Map<String, String> recorded = new LinkedHashMap<>();
        for (String line : Golden.lines("ztunnel/outcomes-plain.txt")) {
            recorded.put(line.substring(0, line.indexOf(": ")), line.substring(line.indexOf(": ") + 2));
        }
        // The original just closes, and the kernel makes an end or a reset of it, by what was still unread.
        assertThat(recorded.remove("plaintext denied port")).isEqualTo("000 Empty reply from server");
        assertThat(seen.remove("plaintext denied port")).isEqualTo("000 Recv failure: Connection reset by peer");
        assertThat(seen).isEqualTo(recorded);
    }

    private static String asCurlSaysIt(TcpResult result) {
        return switch (result) {
            case TcpResult.Answered _ -> "200 ";
            case TcpResult.Reset _ -> "000 Recv failure: Connection reset by peer";
            case TcpResult.ClosedEmpty _ -> "000 Empty reply from server";
            case TcpResult.Refused _, TcpResult.Unreachable _, TcpResult.TimedOut _ -> result.toString();
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "b"})
    void theAccessLogIsTheRecordedOne(String node) {
        assertThat(calls.lines("node-" + node))
                .map(Golden::comparable)
                .isEqualTo(Golden.lines("ztunnel/access-" + node + "-plain.txt").stream()
                        .map(Golden::comparable)
                        .toList());
    }

    /** Listeners, DNS and pods, in whatever order. */
    @ParameterizedTest
    @ValueSource(strings = {"a", "b"})
    void theStartIsToldInTheRecordedLines(String node) {
        List<String> expected = Golden.lines("ztunnel/start-" + node + "-plain.txt").stream()
                .map(RecordedMeshTest::withoutUid)
                .toList();
        assertThat(mesh.node("node-" + node).proxy().log().lines())
                .map(RecordedMeshTest::withoutUid)
                .filteredOn(line -> expected.contains(line) || line.contains("listener established"))
                .filteredOn(line -> !line.contains("[::1]"))
                .containsExactlyInAnyOrderElementsOf(expected);
    }

    private static String withoutUid(String line) {
        return Golden.comparable(line).replaceFirst("uid=\"[^\"]+\"", "uid=\"UID\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "b"})
    void theMetricsAreTheRecordedOnes(String node) throws IOException {
        Samples golden = Samples.parse(Golden.text("ztunnel/metrics-" + node + ".txt"));
        Set<String> notCompared = Set.of("tokio_", "jvm_", "culvert_", "process_");
        Map<String, Double> expected = Samples.without(golden.series(), notCompared);
        Await.untilTrue(
                "the metrics of node " + node,
                RecordedMesh.LIMIT,
                () -> Samples.without(since(node), notCompared).equals(expected),
                () -> "not equal: " + differing(expected, node, notCompared));
        Samples ours = Samples.parse(RecordedMesh.metrics(mesh.node("node-" + node)));
        assertThat(ours.headsWithout(OF_THE_RUNTIME)).isEqualTo(golden.headsWithout(OF_THE_RUNTIME));
        assertThat(ours.series().keySet()).contains("process_open_fds", "process_max_fds");
    }

    private static Map<String, Double> since(String node) throws IOException {
        Samples now = Samples.parse(RecordedMesh.metrics(mesh.node("node-" + node)));
        return now.since(calls.before("node-" + node));
    }

    private static String differing(Map<String, Double> expected, String node, Set<String> notCompared) {
        try {
            Map<String, Double> ours = new TreeMap<>(Samples.without(since(node), notCompared));
            Map<String, Double> missing = new TreeMap<>(expected);
            ours.forEach(missing::remove);
            expected.forEach(ours::remove);
            return "recorded " + missing + ", ours " + ours;
        } catch (IOException gone) {
            return gone.toString();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "b"})
    void theDumpOfTheRunningProxyIsTheRecordedOneKeyForKey(String node) throws IOException {
        JsonObject golden = dump(Golden.text("ztunnel/config_dump-" + node + ".json"));
        JsonObject ours = dump(Golden.asRecorded(RecordedMesh.dump(mesh.node("node-" + node))));
        assertThat(JsonDifference.between(golden, ours, path -> RULES.getOrDefault(path, Rule.SAME)))
                .isEmpty();
        assertThat(illegalPorts(ours)).isEqualTo(illegalPorts(golden));
    }

    private static Set<JsonElement> illegalPorts(JsonObject dump) {
        return Set.copyOf(
                dump.getAsJsonObject("config").getAsJsonArray("illegalPorts").asList());
    }

    /** With pods by name instead of by uid, which no two runs share. */
    private static JsonObject dump(String json) {
        JsonObject dump = JsonParser.parseString(json).getAsJsonObject();
        Map<String, JsonElement> byName = new TreeMap<>();
        for (JsonElement pod : dump.getAsJsonObject("workloadState").asMap().values()) {
            byName.put(pod.getAsJsonObject().getAsJsonObject("info").get("name").getAsString(), pod);
        }
        JsonObject pods = new JsonObject();
        byName.forEach(pods::add);
        dump.add("workloadState", pods);
        return dump;
    }

    @Test
    void istioctlPrintsWhatItPrinted() throws IOException {
        String ours = Golden.asRecorded(RecordedMesh.dump(mesh.node("node-b")));
        IstioctlTables tables = new IstioctlTables(JsonParser.parseString(ours).getAsJsonObject());
        assertThat(tables.workloads()).isEqualTo(IstioctlTables.recorded("workload"));
        assertThat(tables.services()).isEqualTo(IstioctlTables.recorded("service"));
        assertThat(tables.policies()).isEqualTo(IstioctlTables.recorded("policy"));
        assertThat(tables.connections()).isEqualTo(IstioctlTables.recorded("connections"));
        // Serial numbers and dates are each certificate's own.
        assertThat(tables.certificates())
                .allSatisfy(row -> assertThat(row).hasSize(7))
                .map(row -> row.subList(0, 4))
                .isEqualTo(IstioctlTables.recorded("certificate").stream()
                        .map(row -> row.subList(0, 4))
                        .toList());
    }
}
