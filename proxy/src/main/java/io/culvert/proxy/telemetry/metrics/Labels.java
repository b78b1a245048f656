package io.culvert.proxy.telemetry.metrics;

/**
 * Builds {@code {name="value",...}} in the order given, values escaped as OpenMetrics 1.0 section 4.2 (ABNF
 * escaped-string) says.
 */
public final class Labels {

    private final StringBuilder text = new StringBuilder(64).append('{');

    public Labels add(String name, String value) {
        text.append(text.length() > 1 ? "," : "").append(name).append("=\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\\' -> text.append("\\\\");
                case '"' -> text.append("\\\"");
                case '\n' -> text.append("\\n");
                default -> text.append(c);
            }
        }
        text.append('"');
        return this;
    }

    /** With braces; empty if there is no label. */
    @Override
    public String toString() {
        return text.length() == 1 ? "" : text + "}";
    }
}
