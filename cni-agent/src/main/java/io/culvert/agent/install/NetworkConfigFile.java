package io.culvert.agent.install;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One network configuration of the node, as a container runtime would accept it
 * [containernetworking/cni libcni.ConfListFromBytes, ConfFromBytes]: a list of plugins ({@code .conflist}), or a
 * single one ({@code .conf}).
 *
 * @param content read once
 */
record NetworkConfigFile(Path path, boolean isList, JsonObject content) {
    /** A configuration has some kilobytes; more is something else under this name. */
    private static final long BYTES_MAX = 1024 * 1024;

    private static final String LIST = ".conflist";
    private static final String SINGLE = ".conf";
    /** What the original calls a list that it makes of a single plugin, and its version. */
    private static final String CONVERTED_NAME = "k8s-pod-network";

    private static final String CONVERTED_VERSION = "0.3.1";

    /** By its extension; {@code .json} is none, as for the original. */
    static boolean isCandidate(Path path) {
        String name = path.getFileName().toString();
        return name.endsWith(SINGLE) || name.endsWith(LIST);
    }

    /**
     * Reads it.
     *
     * @throws IOException saying why a container runtime would not take it
     */
    static NetworkConfigFile read(Path path) throws IOException {
        if (Files.size(path) > BYTES_MAX) {
            throw new IOException("it is longer than " + BYTES_MAX + " bytes");
        }
        JsonObject content = ConfigJson.parse(Files.readString(path, StandardCharsets.UTF_8));
        boolean list = path.getFileName().toString().endsWith(LIST);
        if (list) {
            if (ConfigJson.text(content, "name").isEmpty()) {
                throw new IOException("it has no name");
            }
            if (ConfigJson.plugins(content).isEmpty()) {
                throw new IOException("it lists no plugin");
            }
        } else if (ConfigJson.text(content, "type").isEmpty()) {
            throw new IOException("it has no type");
        }
        return new NetworkConfigFile(path, list, content);
    }

    String name() {
        return path.getFileName().toString();
    }

    /** The same name with the other extension: {@code x.conf} for {@code x.conflist} and the reverse. */
    static String sibling(String name) {
        if (name.endsWith(LIST)) {
            return name.substring(0, name.length() - LIST.length()) + SINGLE;
        }
        return name.endsWith(SINGLE) ? name.substring(0, name.length() - SINGLE.length()) + LIST : name;
    }

    /** Where it goes when our entry is added: a single plugin's file becomes a list's. */
    Path chainedPath() {
        return isList ? path : path.resolveSibling(sibling(name()));
    }

    /** Our plugin and no other: nothing that one could chain after. */
    boolean isOursAlone() {
        return isList ? plugins().asList().stream().allMatch(NetworkConfigFile::isOurs) : isOurs(content);
    }

    boolean holdsOurs() {
        return isList ? plugins().asList().stream().anyMatch(NetworkConfigFile::isOurs) : isOurs(content);
    }

    /**
     * This configuration with our entry at its end, and nowhere else.
     *
     * @param entry as a file of its own would hold it
     */
    JsonObject chained(JsonObject entry) {
        JsonObject inner = entry.deepCopy();
        inner.remove("cniVersion");
        JsonObject list = isList ? content.deepCopy() : converted();
        JsonArray plugins = withoutOurs(list.getAsJsonArray("plugins"));
        plugins.add(inner);
        list.add("plugins", plugins);
        return list;
    }

    private JsonObject converted() {
        JsonObject only = content.deepCopy();
        only.remove("cniVersion");
        JsonObject list = new JsonObject();
        list.addProperty("name", CONVERTED_NAME);
        list.addProperty("cniVersion", CONVERTED_VERSION);
        JsonArray plugins = new JsonArray();
        plugins.add(only);
        list.add("plugins", plugins);
        return list;
    }

    /** This list without our entry; everything else as it is. */
    JsonObject unchained() {
        JsonObject list = content.deepCopy();
        list.add("plugins", withoutOurs(list.getAsJsonArray("plugins")));
        return list;
    }

    private JsonArray plugins() {
        return content.getAsJsonArray("plugins");
    }

    private static JsonArray withoutOurs(JsonArray plugins) {
        JsonArray others = new JsonArray();
        plugins.asList().stream().filter(plugin -> !isOurs(plugin)).forEach(others::add);
        return others;
    }

    private static boolean isOurs(JsonElement plugin) {
        return ConfigJson.text(plugin.getAsJsonObject(), "type").equals(InstallSettings.PLUGIN);
    }
}
