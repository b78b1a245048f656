package io.culvert.proxy.admin;

import static io.culvert.proxy.routing.TestMesh.byAddress;
import static io.culvert.proxy.routing.TestMesh.pod;
import static io.culvert.proxy.routing.TestMesh.service;
import static io.culvert.proxy.routing.TestMesh.serving;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.proxy.routing.TestMesh;
import io.culvert.xds.mesh.TunnelProtocol;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A decision asked for from outside. */
final class RouteEndpointTest {
    private static final String CLIENT = "Kubernetes//Pod/ns/client";

    private final TestMesh mesh = new TestMesh()
            .workload(pod("client", "10.0.0.1", "fd00::1"))
            .workload(pod("server", "10.0.0.2").services(serving("example", 80, 8080)))
            .workload(pod("plain", "10.0.0.4").tunnelProtocol(TunnelProtocol.NONE))
            .workload(pod("named").hostname("a.example").services(serving("named", 80, 8080)))
            .workload(pod("gateway", "10.22.1.1"))
            .workload(pod("remote")
                    .network("remote")
                    .services(serving("far", 80, 8080))
                    .networkGateway(byAddress("10.22.1.1", 15009)))
            .service(service("example", "10.10.0.1"))
            .service(service("named", "10.10.0.2"))
            .service(service("far", "10.10.0.3").subjectAltNames(List.of("spiffe://t/ns/a/sa/b")))
            .service(service("empty", "10.10.0.4"));

    private HttpAnswer ask(String query) {
        return new RouteEndpoint(FixedSources.of(mesh.snapshot()))
                .answer(HttpQuestion.of("GET", "/debug/route" + query, "", ""));
    }

    private JsonObject decision(String source, String destination) {
        HttpAnswer answer = ask("?source=" + source + "&destination=" + destination);
        assertThat(answer.status()).isEqualTo(200);
        return JsonParser.parseString(text(answer)).getAsJsonObject();
    }

    private static String text(HttpAnswer answer) {
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({CLIENT, "10.0.0.1", "fd00::1", "[fd00::1]"})
    void takesTheSourceByUidOrAddress(String source) {
        JsonObject json = decision(source, "10.10.0.1:80");
        assertThat(json.get("source").getAsString()).isEqualTo(CLIENT);
        assertThat(json.get("decision").getAsString()).isEqualTo("Hbone");
        assertThat(json.get("authority").getAsString()).isEqualTo("10.0.0.2:8080");
        assertThat(json.get("nextHop").getAsString()).isEqualTo("10.0.0.2:15008");
        assertThat(json.get("service").getAsString()).isEqualTo("ns/example.com");
        assertThat(json.get("nextHopWorkload").getAsString()).isEqualTo("Kubernetes//Pod/ns/server");
        assertThat(json.getAsJsonArray("expectedIdentities").get(0).getAsString())
                .isEqualTo("spiffe://cluster.local/ns/ns/sa/sa-server");
    }

    @Test
    void tellsEveryKindOfDecision() {
        JsonObject plain = decision(CLIENT, "10.0.0.4:80");
        assertThat(plain.get("decision").getAsString()).isEqualTo("Tcp");
        assertThat(plain.get("nextHop").getAsString()).isEqualTo("10.0.0.4:80");
        JsonObject stranger = decision(CLIENT, "192.0.2.7:443");
        assertThat(stranger.get("decision").getAsString()).isEqualTo("Tcp");
        assertThat(stranger.has("nextHopWorkload")).isFalse();
        JsonObject far = decision(CLIENT, "10.10.0.3:80");
        assertThat(far.get("decision").getAsString()).isEqualTo("DoubleHbone");
        assertThat(far.get("authority").getAsString()).isEqualTo("far.com:80");
        assertThat(far.getAsJsonArray("finalIdentities").get(0).getAsString()).isEqualTo("spiffe://t/ns/a/sa/b");
        JsonObject named = decision(CLIENT, "10.10.0.2:80");
        assertThat(named.get("decision").getAsString()).isEqualTo("Unresolved");
        assertThat(named.get("hostname").getAsString()).isEqualTo("a.example");
        JsonObject refused = decision(CLIENT, "10.10.0.4:80");
        assertThat(refused.get("decision").getAsString()).isEqualTo("Refused");
        assertThat(refused.get("error").getAsString()).isEqualTo("no healthy upstream: 10.10.0.4:80");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                                      | 400 | no source is given",
                "?destination=10.0.0.2:80                | 400 | no source is given",
                "?source=10.0.0.1                        | 400 | no destination is given",
                "?source=10.0.0.1&destination=10.0.0.2   | 400 | destination 10.0.0.2 is no address with a port",
                "?source=10.0.0.1&destination=web:80     | 400 | destination web:80 is no address with a port",
                "?source=10.0.0.1&destination=[::1]:x    | 400 | destination [::1]:x is no address with a port",
                "?source=10.9.9.9&destination=10.0.0.2:80 | 404 | no workload has the uid or the address 10.9.9.9",
                "?source=nobody&destination=10.0.0.2:80  | 404 | no workload has the uid or the address nobody"
            })
    void saysWhatIsWrongWithTheQuestionAndHowToAsk(String query, int status, String text) {
        HttpAnswer answer = ask(query);
        assertThat(answer.status()).isEqualTo(status);
        assertThat(text(answer)).startsWith(text).contains("ask /debug/route?source=SOURCE&destination=IP:PORT");
    }
}
