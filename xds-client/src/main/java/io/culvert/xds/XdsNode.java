package io.culvert.xds;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.culvert.proto.discovery.Node;
import java.io.IOException;
import java.io.StringReader;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a node proxy names itself to the control plane (ztunnel xds/client.rs:Config::construct_initial_requests). */
public final class XdsNode {
    private static final Logger LOG = LoggerFactory.getLogger(XdsNode.class);
    private static final String UNKNOWN_IP = "1.1.1.1";
    /** Deeper JSON is refused. */
    private static final int DEPTH_MAX = 32;

    private final Node node;

    private XdsNode(Node node) {
        this.node = node;
    }

    /**
     * From what a node proxy's environment says.
     *
     * @param instanceIp empty: not known
     * @param metadata more entries, by name without {@code ISTIO_META_}; they go before the standard ones
     * @param jsonMetadata the same as JSON text ({@code ISTIO_METAJSON_}); what does not parse is left out
     */
    public static XdsNode of(
            String instanceIp,
            String podName,
            String podNamespace,
            String nodeName,
            Map<String, String> metadata,
            Map<String, String> jsonMetadata) {
        String ip = instanceIp.isEmpty() ? UNKNOWN_IP : instanceIp;
        Struct.Builder fields = Struct.newBuilder()
                .putFields("NAME", string(podName))
                .putFields("NAMESPACE", string(podNamespace))
                .putFields("INSTANCE_IPS", string(ip))
                .putFields("NODE_NAME", string(nodeName));
        metadata.forEach((name, value) -> fields.putFields(name, string(value)));
        jsonMetadata.forEach((name, json) -> {
            try {
                fields.putFields(name, parse(json));
            } catch (IOException | IllegalStateException | NumberFormatException e) {
                LOG.error("ISTIO_METAJSON_{} is not JSON and is left out: {}", name, e.getMessage());
            }
        });
        // The suffix is the same whatever the cluster's domain, as the original sends it.
        String id = "ztunnel~" + ip + "~" + podName + "." + podNamespace + "~" + podNamespace + ".svc.cluster.local";
        return new XdsNode(Node.newBuilder().setId(id).setMetadata(fields).build());
    }

    private static Value string(String text) {
        return Value.newBuilder().setStringValue(text).build();
    }

    private static Value parse(String json) throws IOException {
        JsonReader reader = new JsonReader(new StringReader(json));
        Value value = read(reader, 0);
        if (reader.peek() != JsonToken.END_DOCUMENT) {
            throw new IOException("text after the end");
        }
        return value;
    }

    private static Value read(JsonReader reader, int depth) throws IOException {
        if (depth > DEPTH_MAX) {
            throw new IOException("nested too deeply");
        }
        Value.Builder value = Value.newBuilder();
        JsonToken token = reader.peek();
        switch (token) {
            case BEGIN_OBJECT -> {
                Struct.Builder object = Struct.newBuilder();
                reader.beginObject();
                while (reader.hasNext()) {
                    object.putFields(reader.nextName(), read(reader, depth + 1));
                }
                reader.endObject();
                value.setStructValue(object);
            }
            case BEGIN_ARRAY -> {
                ListValue.Builder list = ListValue.newBuilder();
                reader.beginArray();
                while (reader.hasNext()) {
                    list.addValues(read(reader, depth + 1));
                }
                reader.endArray();
                value.setListValue(list);
            }
            case STRING -> value.setStringValue(reader.nextString());
            case NUMBER -> value.setNumberValue(reader.nextDouble());
            case BOOLEAN -> value.setBoolValue(reader.nextBoolean());
            case NULL -> {
                reader.nextNull();
                value.setNullValue(NullValue.NULL_VALUE);
            }
            case END_OBJECT, END_ARRAY, NAME, END_DOCUMENT -> throw new IOException("unexpected " + token);
        }
        return value.build();
    }

    Node node() {
        return node;
    }
}
