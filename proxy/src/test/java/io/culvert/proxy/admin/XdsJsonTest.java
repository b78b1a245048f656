package io.culvert.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.xds.AdsStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class XdsJsonTest {
    private static final String URL = "type.googleapis.com/istio.workload.Address";
    private static final Instant NOON = Instant.parse("2026-11-25T12:00:00Z");

    private static JsonObject json(AdsStatus status) {
        return JsonParser.parseString(new String(XdsJson.of(status, NOON), StandardCharsets.UTF_8))
                .getAsJsonObject();
    }

    @Test
    void saysHowFreshTheStateIsAndWhatOfItIsUnusable() {
        JsonObject json = json(new AdsStatus(
                AdsStatus.Connection.CONNECTED,
                "10.0.0.1:15012",
                NOON.minusSeconds(600),
                3,
                "the server ended the stream",
                Map.of(URL, NOON.minusSeconds(90)),
                Map.of(
                        URL,
                        new AdsStatus.TypeStatus(
                                7, 5, 1, 9, 2, 1, "v26", "n5", 1, Map.of("bad", "unknown enum: status 9")))));

        assertThat(json.get("connection").getAsString()).isEqualTo("connected");
        assertThat(json.get("server").getAsString()).isEqualTo("10.0.0.1:15012");
        JsonObject type = json.getAsJsonObject("types").getAsJsonObject(URL);
        assertThat(type.get("ageSeconds").getAsLong()).isEqualTo(90);
        assertThat(type.get("lastPush").getAsString()).isEqualTo("2026-11-25T11:58:30Z");
        assertThat(type.get("version").getAsString()).isEqualTo("v26");
        assertThat(type.get("held").getAsInt()).isEqualTo(7);
        assertThat(type.getAsJsonObject("rejectedReasons").get("bad").getAsString())
                .isEqualTo("unknown enum: status 9");
    }

    @Test
    void hasNothingToSayBeforeTheFirstStream() {
        JsonObject json = json(AdsStatus.NONE);
        assertThat(json.get("connection").getAsString()).isEqualTo("waiting");
        assertThat(json.getAsJsonObject("types").size()).isZero();
    }
}
