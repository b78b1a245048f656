package io.culvert.agent.cni;

import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What we need of the network configuration that a runtime gives a plugin on standard input: the version, and the
 * result of the plugins before us (CNI specification 1.1.0, sections 1 and 5).
 *
 * @param previousResult its exact bytes, to be passed on untouched; empty where there is none
 * @param ips the addresses that it assigns
 */
@SuppressWarnings("ArrayRecordComponent") // passed through, never compared
record NetworkConfig(String cniVersion, byte[] previousResult, List<InetAddress> ips) {
    private static final int IPS_MAX = 64;
    private static final String PREVIOUS = "prevResult";
    private static final Pattern VERSION = Pattern.compile("[0-9]{1,4}(\\.[0-9]{1,4}){1,2}");

    /**
     * Reads standard input.
     *
     * @throws IllegalArgumentException where it is not the JSON of a network configuration
     */
    static NetworkConfig parse(byte[] stdin) {
        String version = "0.1.0";
        List<InetAddress> ips = new ArrayList<>();
        boolean chained = false;
        try (JsonReader json = new JsonReader(new StringReader(new String(stdin, StandardCharsets.UTF_8)))) {
            json.setStrictness(Strictness.STRICT);
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                if (name.equals("cniVersion")) {
                    version = json.nextString();
                } else if (name.equals(PREVIOUS) && json.peek() == JsonToken.BEGIN_OBJECT) {
                    chained = true;
                    result(json, ips);
                } else {
                    json.skipValue();
                }
            }
            json.endObject();
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw new IllegalArgumentException("something follows the network configuration");
            }
        } catch (IOException | IllegalStateException | JsonParseException e) {
            throw new IllegalArgumentException("not the JSON of a network configuration: " + e.getMessage(), e);
        }
        if (!VERSION.matcher(version).matches()) {
            throw new IllegalArgumentException("cniVersion is not a version number");
        }
        return new NetworkConfig(version, chained ? JsonSpan.topLevelMember(stdin, PREVIOUS) : new byte[0], ips);
    }

    /** From 0.3.0: {@code ips: [{address: "a/n"}]}; before: {@code ip4: {ip: "a/n"}, ip6: {..}}. */
    private static void result(JsonReader json, List<InetAddress> ips) throws IOException {
        json.beginObject();
        while (json.hasNext()) {
            String name = json.nextName();
            if (name.equals("ips") && json.peek() == JsonToken.BEGIN_ARRAY) {
                json.beginArray();
                while (json.hasNext()) {
                    ip(json, "address", ips);
                }
                json.endArray();
            } else if ((name.equals("ip4") || name.equals("ip6")) && json.peek() == JsonToken.BEGIN_OBJECT) {
                ip(json, "ip", ips);
            } else {
                json.skipValue();
            }
        }
        json.endObject();
    }

    private static void ip(JsonReader json, String field, List<InetAddress> ips) throws IOException {
        if (ips.size() == IPS_MAX) {
            throw new IllegalArgumentException("more than " + IPS_MAX + " addresses");
        }
        json.beginObject();
        while (json.hasNext()) {
            if (json.nextName().equals(field)) {
                ips.add(InetAddress.ofLiteral(json.nextString().split("/", 2)[0]));
            } else {
                json.skipValue();
            }
        }
        json.endObject();
    }

    /** What to print on success: what the plugins before us said, byte for byte, or an empty result. */
    byte[] answer() {
        return previousResult.length > 0
                ? previousResult
                : ("{\"cniVersion\":\"" + cniVersion + "\"}").getBytes(StandardCharsets.UTF_8);
    }
}
