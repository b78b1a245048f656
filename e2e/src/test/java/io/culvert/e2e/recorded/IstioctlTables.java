package io.culvert.e2e.recorded;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * The tables of {@code istioctl ztunnel-config}, from a dump, by the fields that it takes them from (istio:
 * istioctl/pkg/writer/ztunnel/configdump). Rows of cells, without the heads.
 */
final class IstioctlTables {
    private final JsonObject dump;

    IstioctlTables(JsonObject dump) {
        this.dump = dump;
    }

    /** What istioctl printed of the original's dump: cells have no spaces in them, but the heads have. */
    static List<List<String>> recorded(String kind) {
        return Golden.lines("istioctl/" + kind + ".txt").stream()
                .filter(line -> !line.isBlank())
                .skip(1)
                .map(line -> List.of(line.strip().split(" +")))
                .toList();
    }

    List<List<String>> workloads() {
        return rows("workloads").stream()
                .map(one -> List.of(
                        text(one, "namespace"),
                        text(one, "name"),
                        one.getAsJsonArray("workloadIps").get(0).getAsString(),
                        text(one, "node"),
                        waypoint(one),
                        text(one, "protocol")))
                .toList();
    }

    List<List<String>> services() {
        return rows("services").stream()
                .map(one -> {
                    var endpoints = one.getAsJsonObject("endpoints").asMap().values();
                    long healthy = endpoints.stream()
                            .filter(endpoint ->
                                    text(endpoint.getAsJsonObject(), "status").equals("Healthy"))
                            .count();
                    String vip = one.getAsJsonArray("vips").get(0).getAsString();
                    return List.of(
                            text(one, "namespace"),
                            text(one, "name"),
                            vip.substring(vip.indexOf('/') + 1),
                            waypoint(one),
                            healthy + "/" + endpoints.size());
                })
                .toList();
    }

    List<List<String>> policies() {
        return rows("policies").stream()
                .map(one -> List.of(text(one, "namespace"), text(one, "name"), text(one, "action"), text(one, "scope")))
                .toList();
    }

    List<List<String>> certificates() {
        List<List<String>> result = new ArrayList<>();
        for (JsonObject one : rows("certificates")) {
            for (Map.Entry<String, String> part :
                    List.of(Map.entry("certChain", "Leaf"), Map.entry("rootCerts", "Root"))) {
                for (JsonElement certificate : one.getAsJsonArray(part.getKey())) {
                    result.add(certificate(one, part.getValue(), certificate.getAsJsonObject()));
                }
            }
        }
        return result;
    }

    /** The certificate is decoded; what the dump says of it beside must agree. */
    private static List<String> certificate(JsonObject entry, String type, JsonObject shown) {
        X509Certificate decoded = decode(text(shown, "pem"));
        boolean agrees = decoded.getSerialNumber().equals(new BigInteger(text(shown, "serialNumber")))
                && decoded.getNotBefore().toInstant().equals(Instant.parse(text(shown, "validFrom")))
                && decoded.getNotAfter().toInstant().equals(Instant.parse(text(shown, "expirationTime")));
        if (!agrees) {
            throw new AssertionError("the dump says of its own certificate what is not so: " + shown);
        }
        return List.of(
                text(entry, "identity"),
                type,
                text(entry, "state"),
                String.valueOf(isValid(decoded)),
                decoded.getSerialNumber().toString(16),
                text(shown, "expirationTime"),
                text(shown, "validFrom"));
    }

    private static boolean isValid(X509Certificate certificate) {
        try {
            certificate.checkValidity();
            return true;
        } catch (CertificateException outOfTime) {
            return false;
        }
    }

    private static X509Certificate decode(String base64) {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(
                            new ByteArrayInputStream(Base64.getDecoder().decode(base64)));
        } catch (CertificateException e) {
            throw new AssertionError("istioctl could not decode " + base64, e);
        }
    }

    List<List<String>> connections() {
        List<List<String>> result = new ArrayList<>();
        for (Map.Entry<String, JsonElement> pod :
                dump.getAsJsonObject("workloadState").entrySet()) {
            JsonObject connections = pod.getValue().getAsJsonObject().getAsJsonObject("connections");
            for (String direction : List.of("inbound", "outbound")) {
                for (JsonElement one : connections.getAsJsonArray(direction)) {
                    result.add(List.of(pod.getKey(), direction, one.toString()));
                }
            }
        }
        return result;
    }

    private List<JsonObject> rows(String section) {
        return dump.getAsJsonArray(section).asList().stream()
                .map(JsonElement::getAsJsonObject)
                .toList();
    }

    private static String waypoint(JsonObject one) {
        return one.has("waypoint") ? text(one.getAsJsonObject("waypoint"), "destination") : "None";
    }

    private static String text(JsonObject one, String key) {
        return one.get(key).getAsString();
    }
}
