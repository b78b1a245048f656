package io.culvert.agent.cni;

import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.culvert.agent.enrol.AddRequest;
import io.culvert.agent.pod.PodRef;
import java.io.IOException;
import java.io.StringReader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The body of {@code POST /cmdadd}, by which Istio's own plugin announces a pod
 * [istio cni/pkg/plugin/cnieventclient.go CNIPluginAddEvent]:
 * {@code {"Netns": path, "PodName": .., "PodNamespace": .., "IPs": [{"Address": {"IP": .., "Mask": ..}, ..}] or null}}.
 * Fields that we do not need are skipped.
 */
final class CmdAddJson {
    /** A pod has one address per family and network; more is no CNI result. */
    private static final int IPS_MAX = 64;

    private CmdAddJson() {}

    /**
     * Reads the body.
     *
     * @throws IllegalArgumentException where the body is no such JSON, or lacks a field
     */
    static AddRequest parse(byte[] body) {
        try (JsonReader json = new JsonReader(new StringReader(new String(body, StandardCharsets.UTF_8)))) {
            json.setStrictness(Strictness.STRICT);
            AddRequest request = event(json);
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw new IllegalArgumentException("something follows the JSON object");
            }
            return request;
        } catch (IOException | IllegalStateException | JsonParseException | NumberFormatException e) {
            throw new IllegalArgumentException("not the JSON of a CNI add event: " + e.getMessage(), e);
        }
    }

    private static AddRequest event(JsonReader json) throws IOException {
        String netns = "";
        String name = "";
        String namespace = "";
        List<InetAddress> ips = List.of();
        json.beginObject();
        while (json.hasNext()) {
            switch (json.nextName()) {
                case "Netns" -> netns = json.nextString();
                case "PodName" -> name = json.nextString();
                case "PodNamespace" -> namespace = json.nextString();
                case "IPs" -> ips = ips(json);
                default -> json.skipValue();
            }
        }
        json.endObject();
        if (netns.isEmpty() || name.isEmpty() || namespace.isEmpty()) {
            throw new IllegalArgumentException("Netns, PodName and PodNamespace must be given");
        }
        return new AddRequest(new PodRef(namespace, name), "", netns, ips);
    }

    private static List<InetAddress> ips(JsonReader json) throws IOException {
        if (json.peek() == JsonToken.NULL) {
            json.nextNull();
            return List.of();
        }
        List<InetAddress> ips = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
            if (ips.size() == IPS_MAX) {
                throw new IllegalArgumentException("more than " + IPS_MAX + " addresses");
            }
            ipConfig(json, ips);
        }
        json.endArray();
        return ips;
    }

    private static void ipConfig(JsonReader json, List<InetAddress> ips) throws IOException {
        json.beginObject();
        while (json.hasNext()) {
            if (!json.nextName().equals("Address")) {
                json.skipValue();
                continue;
            }
            json.beginObject();
            while (json.hasNext()) {
                if (json.nextName().equals("IP")) {
                    ips.add(InetAddress.ofLiteral(json.nextString()));
                } else {
                    json.skipValue();
                }
            }
            json.endObject();
        }
        json.endObject();
    }
}
