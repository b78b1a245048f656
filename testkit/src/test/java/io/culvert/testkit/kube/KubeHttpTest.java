package io.culvert.testkit.kube;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The stand-in by bare HTTP/1.1: chunked watches, and what is refused. */
@Tag("direct")
class KubeHttpTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final MeshSpec MESH =
            MeshSpec.mesh("m").node("node-a", n -> n.pod("one", p -> {})).build();

    private KubeApi api;
    private HttpClient http;

    @BeforeEach
    void start() throws Exception {
        api = KubeApi.start(
                Listening.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                Clock.systemUTC(),
                Duration.ofMillis(50));
        api.putAll(KubeObjects.of(MESH, AddressPlan.of(MESH, 0)));
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    @AfterEach
    void stop() {
        http.shutdownNow();
        api.close();
    }

    @Test
    void watchStartsWithWhatThereIsAndGoesOnWithBookmarks() throws Exception {
        try (BufferedReader events = watch("/api/v1/pods?watch=true&allowWatchBookmarks=true")) {
            JsonObject added = JsonParser.parseString(events.readLine()).getAsJsonObject();
            assertThat(Json.text(added, "type")).isEqualTo("ADDED");
            assertThat(Json.text(added, "object", "metadata", "name")).isEqualTo("one");
            JsonObject bookmark = JsonParser.parseString(events.readLine()).getAsJsonObject();
            assertThat(Json.text(bookmark, "type")).isEqualTo("BOOKMARK");
            String version = Json.text(bookmark, "object", "metadata", "resourceVersion");
            assertThat(Long.parseLong(version))
                    .isGreaterThanOrEqualTo(Long.parseLong(Json.text(added, "object", "metadata", "resourceVersion")));
        }
    }

    @Test
    void watchResumesAfterAVersion() throws Exception {
        String version = Json.text(
                JsonParser.parseString(get("/api/v1/pods").body()).getAsJsonObject(), "metadata", "resourceVersion");
        api.remove(KubeKind.POD, "default", "one");
        try (BufferedReader events = watch("/api/v1/namespaces/default/pods?watch=1&resourceVersion=" + version)) {
            JsonObject deleted = JsonParser.parseString(events.readLine()).getAsJsonObject();
            assertThat(Json.text(deleted, "type")).isEqualTo("DELETED");
        }
    }

    @Test
    void watchFromForgottenVersionIsTold410AndEnds() throws Exception {
        api.compact();
        try (BufferedReader events = watch("/api/v1/pods?watch=true&resourceVersion=1")) {
            JsonObject error = JsonParser.parseString(events.readLine()).getAsJsonObject();
            assertThat(Json.text(error, "type")).isEqualTo("ERROR");
            assertThat(Json.text(error, "object", "code")).isEqualTo("410");
            assertThat(events.readLine()).isNull();
        }
        assertThat(api.watches()).isZero();
    }

    @Test
    void watchEndsAtItsTimeout() throws Exception {
        try (BufferedReader events = watch("/api/v1/nodes?watch=true&resourceVersion=99999&timeoutSeconds=1")) {
            assertThat(events.readLine()).isNull();
        }
    }

    @Test
    void refusesWhatItDoesNotKnow() throws Exception {
        assertThat(get("/apis/batch/v1/jobs").statusCode()).isEqualTo(404);
        assertThat(get("/api/v1/namespaces/default/pods/none").statusCode()).isEqualTo(404);
        assertThat(get("/api/v1/pods?labelSelector=a%20in%20(b)").statusCode()).isEqualTo(400);
        assertThat(get("/api/v1/pods?watch=true&resourceVersion=x").statusCode())
                .isEqualTo(400);
        assertThat(send("DELETE", "/api/v1/namespaces/default/pods/one", "", "").statusCode())
                .isEqualTo(405);
        assertThat(send("POST", "/api/v1/namespaces/default/pods", "application/json", "{}")
                        .statusCode())
                .isEqualTo(405);
    }

    @Test
    void refusesPatchesThatAreNoMergePatch() throws Exception {
        String path = "/api/v1/namespaces/default/pods/one/status";
        assertThat(send("PATCH", path, "application/json-patch+json", "[]").statusCode())
                .isEqualTo(415);
        assertThat(send("PATCH", path, "application/merge-patch+json", "{\"a\":")
                        .statusCode())
                .isEqualTo(400);
        assertThat(send("PATCH", path, "application/merge-patch+json", "[]").statusCode())
                .isEqualTo(400);
        assertThat(send("PATCH", path, "application/merge-patch+json", "x".repeat(4_000_000))
                        .statusCode())
                .isEqualTo(413);
    }

    @Test
    void tellsWhatThereIs() throws Exception {
        assertThat(get("/version").body()).contains("gitVersion");
        assertThat(get("/api/v1").body()).contains("\"pods\"");
        assertThat(get("/apis/apps/v1").body()).contains("\"daemonsets\"");
    }

    private HttpResponse<String> get(String path) throws Exception {
        return send("GET", path, "", "");
    }

    private HttpResponse<String> send(String method, String path, String contentType, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(api.url() + path))
                .timeout(LIMIT)
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        if (!contentType.isEmpty()) {
            request.header("content-type", contentType);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private BufferedReader watch(String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(api.url() + path))
                .timeout(LIMIT)
                .build();
        InputStream body =
                http.send(request, HttpResponse.BodyHandlers.ofInputStream()).body();
        return new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    }
}
