package io.culvert.agent.config;

/** A setting that cannot be used. The message names the variable, its value, and what to write instead. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    public ConfigException(String variable, String value, String remedy) {
        super(variable + "=\"" + value + "\": " + remedy);
    }
}
