package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.LoadBalancing;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Workload;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The first pushes of istiod, as kept, against the same pushes as istiod's own JSON. */
final class RecordedPushesTest {
    private final MeshState mesh = new MeshState("node-a");

    @BeforeEach
    void apply() {
        DeltaProtocol protocol = new DeltaProtocol(Recorded.node().node(), mesh, AdsCounters.none());
        protocol.respond(Recorded.push("01-address-initial"));
        protocol.respond(Recorded.push("02-authorization-initial"));
    }

    private static List<JsonObject> resources(String name) throws IOException {
        try (Reader reader =
                new InputStreamReader(Recorded.open("/istiod/" + name + ".json"), StandardCharsets.UTF_8)) {
            List<JsonObject> result = new ArrayList<>();
            for (JsonElement element :
                    JsonParser.parseReader(reader).getAsJsonObject().getAsJsonArray("resources")) {
                result.add(element.getAsJsonObject().getAsJsonObject("resource"));
            }
            return result;
        }
    }

    private static String text(JsonObject object, String key, String fallback) {
        return object.has(key) ? object.get(key).getAsString() : fallback;
    }

    private static List<JsonElement> list(JsonObject object, String key) {
        return object.has(key) ? object.getAsJsonArray(key).asList() : new JsonArray().asList();
    }

    private static IpAddress ip(String base64) {
        return IpAddress.of(Base64.getDecoder().decode(base64));
    }

    @Test
    void keepsEveryWorkloadAsItWasSent() throws IOException {
        int workloads = 0;
        for (JsonObject resource : resources("01-address-initial")) {
            if (!resource.has("workload")) {
                continue;
            }
            workloads++;
            JsonObject sent = resource.getAsJsonObject("workload");
            Workload kept = Objects.requireNonNull(mesh.snapshot().workloadByUid(text(sent, "uid", "")));
            assertThat(kept.name()).isEqualTo(text(sent, "name", ""));
            assertThat(kept.namespace()).isEqualTo(text(sent, "namespace", ""));
            assertThat(kept.network()).isEqualTo(text(sent, "network", ""));
            assertThat(kept.node()).isEqualTo(text(sent, "node", ""));
            assertThat(kept.hostname()).isEqualTo(text(sent, "hostname", ""));
            assertThat(kept.canonicalName()).isEqualTo(text(sent, "canonicalName", ""));
            assertThat(kept.canonicalRevision()).isEqualTo(text(sent, "canonicalRevision", ""));
            assertThat(kept.workloadName()).isEqualTo(text(sent, "workloadName", ""));
            assertThat(kept.workloadType())
                    .isEqualTo(text(sent, "workloadType", "DEPLOYMENT").toLowerCase(Locale.ROOT));
            assertThat(kept.serviceAccount()).isEqualTo(text(sent, "serviceAccount", "default"));
            assertThat(kept.trustDomain()).isEqualTo(text(sent, "trustDomain", "cluster.local"));
            assertThat(kept.tunnelProtocol()).isEqualTo(TunnelProtocol.valueOf(text(sent, "tunnelProtocol", "NONE")));
            assertThat(kept.status()).hasToString(text(sent, "status", "HEALTHY"));
            assertThat(kept.networkMode()).hasToString(text(sent, "networkMode", "STANDARD"));
            assertThat(kept.addresses())
                    .containsExactlyElementsOf(list(sent, "addresses").stream()
                            .map(address -> ip(address.getAsString()))
                            .toList());
            assertThat(kept.authorizationPolicies())
                    .containsExactlyElementsOf(list(sent, "authorizationPolicies").stream()
                            .map(JsonElement::getAsString)
                            .toList());
            assertThat(kept.waypoint() != null).isEqualTo(sent.has("waypoint"));
            assertThat(kept.services().size())
                    .isEqualTo(
                            sent.has("services")
                                    ? sent.getAsJsonObject("services").size()
                                    : 0);
        }
        assertThat(workloads).isPositive().isEqualTo(mesh.snapshot().workloads().size());
    }

    @Test
    void keepsEveryServiceAsItWasSent() throws IOException {
        int services = 0;
        for (JsonObject resource : resources("01-address-initial")) {
            if (!resource.has("service")) {
                continue;
            }
            services++;
            JsonObject sent = resource.getAsJsonObject("service");
            NamespacedName key = new NamespacedName(text(sent, "namespace", ""), text(sent, "hostname", ""));
            Service kept = Objects.requireNonNull(mesh.snapshot().serviceByName(key));
            assertThat(kept.name()).isEqualTo(text(sent, "name", ""));
            assertThat(kept.canonical()).isEqualTo(sent.has("canonical"));
            assertThat(kept.vips().size() + kept.cidrVips().size())
                    .isEqualTo(list(sent, "addresses").size());
            assertThat(kept.ports().size()).isEqualTo(list(sent, "ports").size());
            for (JsonElement port : list(sent, "ports")) {
                JsonObject pair = port.getAsJsonObject();
                assertThat(kept.ports().target(pair.get("servicePort").getAsInt()))
                        .isEqualTo(Integer.parseInt(text(pair, "targetPort", "0")));
            }
            assertThat(kept.subjectAltNames())
                    .hasSize(list(sent, "subjectAltNames").size());
            assertThat(kept.waypoint() != null).isEqualTo(sent.has("waypoint"));
            assertThat(kept.loadBalancing() != null).isEqualTo(sent.has("loadBalancing"));
        }
        assertThat(services).isPositive().isEqualTo(mesh.snapshot().services().size());
    }

    @Test
    void keepsEveryPolicyAsItWasSent() throws IOException {
        for (JsonObject sent : resources("02-authorization-initial")) {
            String name = text(sent, "namespace", "") + "/" + text(sent, "name", "");
            AuthorizationPolicy kept = Objects.requireNonNull(mesh.snapshot().policy(name));
            assertThat(kept.scope()).hasToString(text(sent, "scope", "GLOBAL"));
            assertThat(kept.action()).hasToString(text(sent, "action", "ALLOW"));
            // What we call rules and clauses, istiod calls groups and rules.
            assertThat(kept.rules()).hasSize(list(sent, "groups").size());
            for (int i = 0; i < kept.rules().size(); i++) {
                JsonObject group = list(sent, "groups").get(i).getAsJsonObject();
                assertThat(kept.rules().get(i).clauses())
                        .hasSize(list(group, "rules").size());
            }
        }
        assertThat(mesh.snapshot().policies()).hasSize(10);
    }

    @Test
    void knowsWhatTheClusterLooksLike() {
        var snapshot = mesh.snapshot();
        Service local = Objects.requireNonNull(
                snapshot.serviceByName(new NamespacedName("default", "echo-local.default.svc.cluster.local")));
        Service range =
                Objects.requireNonNull(snapshot.serviceByName(new NamespacedName("default", "range.example.com")));

        assertThat(Objects.requireNonNull(local.loadBalancing()).mode()).isEqualTo(LoadBalancing.Mode.STRICT);
        assertThat(snapshot.endpoints(local)).isNotEmpty();
        assertThat(range.cidrVips()).isNotEmpty();
        assertThat(snapshot.localWorkload("echo-1", "default", "echo")).isNull();
        assertThat(snapshot.stagedEndpoints()).isEmpty();
    }
}
