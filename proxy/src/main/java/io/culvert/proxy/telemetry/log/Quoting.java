package io.culvert.proxy.telemetry.log;

/** The two ways in which texts are quoted. A line feed in a value never becomes one in the log. */
final class Quoting {

    private static final int PRINTABLE_FROM = 0x20;
    private static final int DELETE = 0x7f;

    private Quoting() {}

    /** As Rust's Debug prints a str, which is what plain lines use. */
    static void debug(StringBuilder out, String value) {
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\0' -> out.append("\\0");
                default -> {
                    if (c < PRINTABLE_FROM || c == DELETE) {
                        out.append("\\u{").append(Integer.toHexString(c)).append('}');
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    /** As it is, but on one line: what a peer or a library said must not pass for a line of ours. */
    static void bare(StringBuilder out, String value) {
        if (value.indexOf('\n') < 0 && value.indexOf('\r') < 0) {
            out.append(value);
        } else {
            out.append(value.replace("\n", "\\n").replace("\r", "\\r"));
        }
    }

    /** RFC 8259 section 7. */
    static void json(StringBuilder out, String value) {
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < PRINTABLE_FROM) {
                        out.append("\\u00").append(c < 0x10 ? "0" : "").append(Integer.toHexString(c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
