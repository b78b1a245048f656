package io.culvert.testkit.mesh;

import com.google.gson.JsonParseException;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One line of a proxy's access log, plain or JSON (ztunnel: src/proxy/metrics.rs and src/telemetry.rs have both
 * formats).
 *
 * @param level {@code info} for a success, {@code error} for a failure
 * @param message {@code connection complete} at a connection's end
 * @param fields the rest, by ztunnel's names, as text without quotes
 * @param line as it was written
 */
public record AccessLine(String level, String message, Map<String, String> fields, String line) {
    private static final Pattern FIELD = Pattern.compile("([A-Za-z_.]+)=(\"(?:[^\"\\\\]|\\\\.)*\"|\\S*)");
    private static final int PLAIN_COLUMNS = 5;

    /** Reads a line of a log; empty if it is not of the access log. */
    public static Optional<AccessLine> parse(String line) {
        return line.startsWith("{") ? parseJson(line) : parsePlain(line);
    }

    private static Optional<AccessLine> parsePlain(String line) {
        String[] columns = line.split("\t", PLAIN_COLUMNS);
        if (columns.length < PLAIN_COLUMNS || !columns[2].equals("access")) {
            return Optional.empty();
        }
        Map<String, String> fields = new LinkedHashMap<>();
        Matcher matcher = FIELD.matcher(columns[4]);
        while (matcher.find()) {
            String value = matcher.group(2);
            boolean quoted = value.length() >= 2 && value.startsWith("\"");
            fields.put(
                    matcher.group(1),
                    quoted ? value.substring(1, value.length() - 1).replace("\\\"", "\"") : value);
        }
        return Optional.of(new AccessLine(columns[1], columns[3], fields, line));
    }

    private static Optional<AccessLine> parseJson(String line) {
        Map<String, String> fields = new LinkedHashMap<>();
        try (JsonReader json = new JsonReader(new StringReader(line))) {
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                if (json.peek() == JsonToken.STRING || json.peek() == JsonToken.NUMBER) {
                    fields.put(name, json.nextString());
                } else {
                    json.skipValue();
                }
            }
        } catch (IOException | IllegalStateException | JsonParseException unfinished) {
            return Optional.empty();
        }
        if (!"access".equals(fields.remove("scope"))) {
            return Optional.empty();
        }
        fields.remove("time");
        String level = fields.remove("level");
        String message = fields.remove("message");
        return Optional.of(new AccessLine(level == null ? "" : level, message == null ? "" : message, fields, line));
    }

    /** A field's value, or the empty string. */
    public String field(String name) {
        return fields.getOrDefault(name, "");
    }

    /** Whether it tells the end of a connection. */
    public boolean isEnd() {
        return message.equals("connection complete");
    }

    public boolean isInbound() {
        return field("direction").equals("inbound");
    }

    public boolean isOutbound() {
        return field("direction").equals("outbound");
    }
}
