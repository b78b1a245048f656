package io.culvert.proxy.config;

/**
 * The process cannot start with these settings. The message is one line that names the setting, its value and what is
 * wrong.
 */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    ConfigException(String message) {
        super(message);
    }

    static ConfigException invalid(String name, String value, String why) {
        return new ConfigException("invalid env var " + name + "=" + value + " (" + why + ")");
    }
}
