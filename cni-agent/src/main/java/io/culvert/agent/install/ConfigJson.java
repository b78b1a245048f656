package io.culvert.agent.install;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;

/**
 * Reading and writing of other people's JSON: the order of members, unknown ones, and the spelling of numbers survive
 * (Gson keeps a number as the text that it was). Written with two spaces of indentation and a line's end, as the
 * original writes it.
 */
final class ConfigJson {
    private static final Gson GSON = new GsonBuilder()
            .setPrettyPrinting()
            .serializeNulls()
            .disableHtmlEscaping()
            .create();

    private ConfigJson() {}

    /**
     * Reads one object.
     *
     * @throws IOException where the text is anything else
     */
    static JsonObject parse(String text) throws IOException {
        try (JsonReader json = new JsonReader(new StringReader(text))) {
            json.setStrictness(Strictness.STRICT);
            JsonElement read = GSON.getAdapter(JsonElement.class).read(json);
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw new IOException("something follows the JSON object");
            }
            if (read == null || !read.isJsonObject()) {
                throw new IOException("not a JSON object");
            }
            return read.getAsJsonObject();
        } catch (JsonParseException | IllegalStateException | NumberFormatException e) {
            throw new IOException("not JSON: " + e.getMessage(), e);
        }
    }

    static byte[] bytes(JsonObject object) {
        return (GSON.toJson(object) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** The member, if it is a string that is not empty; else the empty string. */
    static String text(JsonObject object, String name) {
        JsonElement value = object.get(name);
        return value != null
                        && value.isJsonPrimitive()
                        && value.getAsJsonPrimitive().isString()
                ? value.getAsString()
                : "";
    }

    /**
     * The plugins of a list.
     *
     * @throws IOException where they are not a list of objects with a type each
     */
    static JsonArray plugins(JsonObject list) throws IOException {
        JsonElement plugins = list.get("plugins");
        if (plugins == null || !plugins.isJsonArray()) {
            throw new IOException("\"plugins\" is not a list");
        }
        for (JsonElement plugin : plugins.getAsJsonArray()) {
            if (!plugin.isJsonObject() || text(plugin.getAsJsonObject(), "type").isEmpty()) {
                throw new IOException("\"plugins\" holds something that is no object with a type");
            }
        }
        return plugins.getAsJsonArray();
    }
}
