package io.culvert.proxy.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * The part of Istio's mesh configuration that a node proxy reads: {@code defaultConfig} of the mesh file, overridden
 * field by field by PROXY_CONFIG.
 */
record MeshConfigFile(
        String discoveryAddress,
        int adminPort,
        int statsPort,
        Optional<Integer> concurrency,
        Map<String, String> metadata) {

    private static final int ADMIN_PORT = 15_000;
    private static final int STATS_PORT = 15_020;

    /**
     * Reads both.
     *
     * @param meshFile need not exist
     * @param proxyConfig YAML or JSON; may be empty
     */
    static MeshConfigFile read(Path meshFile, String proxyConfig) throws ConfigException {
        Map<String, Object> merged = new LinkedHashMap<>();
        Map<String, String> metadata = new TreeMap<>();
        merge(map(parse(fileText(meshFile)).get("defaultConfig"), "defaultConfig"), merged, metadata);
        merge(parse(proxyConfig), merged, metadata);
        Object discovery = merged.getOrDefault("discoveryAddress", "");
        return new MeshConfigFile(
                String.valueOf(discovery),
                port(merged, "proxyAdminPort").orElse(ADMIN_PORT),
                port(merged, "statsPort").orElse(STATS_PORT),
                number(merged, "concurrency", 1024),
                metadata);
    }

    private static String fileText(Path meshFile) throws ConfigException {
        try {
            return Files.readString(meshFile);
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            throw new ConfigException("error parsing proxy config: cannot read " + meshFile + ": " + e.getMessage());
        }
    }

    private static Map<String, Object> parse(String yaml) throws ConfigException {
        if (yaml.isBlank()) {
            return Map.of();
        }
        try {
            LoadSettings settings =
                    LoadSettings.builder().setCodePointLimit(1 << 20).build();
            return map(new Load(settings).loadFromString(yaml), "the document");
        } catch (YamlEngineException e) {
            throw new ConfigException("error parsing proxy config: " + e.getMessage());
        }
    }

    private static void merge(Map<String, Object> from, Map<String, Object> into, Map<String, String> metadata)
            throws ConfigException {
        if (from.isEmpty()) {
            return;
        }
        if (!from.containsKey("proxyMetadata")) {
            throw new ConfigException("error parsing proxy config: missing field `proxyMetadata`");
        }
        into.putAll(from);
        map(from.get("proxyMetadata"), "proxyMetadata")
                .forEach((key, value) -> metadata.put(key, String.valueOf(value)));
    }

    private static Map<String, Object> map(@Nullable Object value, String what) throws ConfigException {
        if (value == null) {
            return Map.of();
        }
        if (!(value instanceof Map<?, ?> found)) {
            throw new ConfigException("error parsing proxy config: " + what + " is not a map");
        }
        Map<String, Object> typed = new LinkedHashMap<>();
        found.forEach((key, one) -> {
            if (one != null) {
                typed.put(String.valueOf(key), one);
            }
        });
        return typed;
    }

    private static Optional<Integer> port(Map<String, Object> from, String key) throws ConfigException {
        return number(from, key, 65_535);
    }

    private static Optional<Integer> number(Map<String, Object> from, String key, int max) throws ConfigException {
        Object value = from.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof Integer number && number >= 0 && number <= max) {
            return Optional.of(number);
        }
        throw new ConfigException(
                "error parsing proxy config: " + key + "=" + value + " is not a number between 0 and " + max);
    }
}
