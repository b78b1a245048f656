package io.culvert.agent.config;

import io.culvert.agent.pod.GoBool;
import java.net.InetAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Typed reading of environment variables. A variable set to nothing counts as set, as in the original. */
final class Environment {
    private final Map<String, String> variables;

    Environment(Map<String, String> variables) {
        this.variables = Map.copyOf(variables);
    }

    String text(String name, String fallback) {
        return variables.getOrDefault(name, fallback);
    }

    /** Set and not empty, or an error. */
    String required(String name, String remedy) throws ConfigException {
        String value = text(name, "");
        if (value.isBlank()) {
            throw new ConfigException(name, value, remedy);
        }
        return value;
    }

    boolean flag(String name, boolean fallback) throws ConfigException {
        String value = variables.get(name);
        if (value == null) {
            return fallback;
        }
        if (value.isEmpty()) {
            return false;
        }
        // The original reads a misspelt "ture" as false, and the node then silently runs without the feature.
        return GoBool.parse(value).orElseThrow(() -> new ConfigException(name, value, "write true or false"));
    }

    /** 0 to 65535, where 0 means off. */
    int port(String name, int fallback) throws ConfigException {
        String value = variables.get(name);
        if (value == null) {
            return fallback;
        }
        try {
            int port = Integer.parseInt(value);
            if (port >= 0 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Reported below, with the same words as a number out of range.
        }
        throw new ConfigException(name, value, "write a port number from 1 to 65535, or 0 for none");
    }

    Path absolutePath(String name, String fallback) throws ConfigException {
        String value = text(name, fallback);
        try {
            Path path = Path.of(value);
            if (path.isAbsolute()) {
                return path.normalize();
            }
        } catch (InvalidPathException e) {
            // Reported below, with the same words as a relative path.
        }
        throw new ConfigException(name, value, "write an absolute path");
    }

    /** The base name of a file with one of these extensions, or nothing. */
    String fileName(String name, String fallback, String... extensions) throws ConfigException {
        String value = text(name, fallback);
        if (value.isEmpty()) {
            return value;
        }
        boolean plain = value.indexOf('/') < 0 && value.indexOf('\0') < 0;
        for (String extension : extensions) {
            if (plain && value.length() > extension.length() && value.endsWith(extension)) {
                return value;
            }
        }
        throw new ConfigException(
                name, value, "write the name of a file, without a directory, that ends in " + List.of(extensions));
    }

    /** A file's mode in octal digits. */
    Set<PosixFilePermission> mode(String name, String fallback) throws ConfigException {
        String value = text(name, fallback);
        if (!value.matches("0?[0-7]{3}")) {
            throw new ConfigException(name, value, "write a file's mode in three octal digits, such as 0600");
        }
        int bits = Integer.parseInt(value, 8);
        Set<PosixFilePermission> mode = EnumSet.noneOf(PosixFilePermission.class);
        // Declared from the owner's reading to the others' executing, which is bit 8 to bit 0.
        PosixFilePermission[] all = PosixFilePermission.values();
        for (int i = 0; i < all.length; i++) {
            if ((bits & (1 << (all.length - 1 - i))) != 0) {
                mode.add(all[i]);
            }
        }
        return mode;
    }

    /** Comma separated, trimmed, empties dropped. */
    Set<String> list(String name) {
        Set<String> items = new LinkedHashSet<>();
        for (String item : text(name, "").split(",", -1)) {
            if (!item.isBlank()) {
                items.add(item.strip());
            }
        }
        return items;
    }

    /** An IP literal of the given length in bytes (4 or 16). */
    InetAddress address(String name, String fallback, int bytes) throws ConfigException {
        String value = text(name, fallback);
        @Nullable InetAddress address = literal(value);
        if (address == null || address.getAddress().length != bytes) {
            throw new ConfigException(name, value, "write an " + (bytes == 4 ? "IPv4" : "IPv6") + " address");
        }
        return address;
    }

    private static @Nullable InetAddress literal(String value) {
        try {
            return InetAddress.ofLiteral(value);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
