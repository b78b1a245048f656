package io.culvert.testkit.demo;

import java.io.Console;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Calm output on a terminal: headings, facts, verdicts. Colours only on a terminal that wants them
 * (https://no-color.org), signs beyond ASCII only where the character set has them.
 */
final class Terminal {
    private static final int WIDTH = 110;
    private static final String INDENT = "    ";

    private final PrintStream out;
    private final boolean colours;
    private final boolean unicode;

    Terminal(PrintStream out, boolean colours, Charset charset) {
        this.out = out;
        this.colours = colours;
        this.unicode = charset.newEncoder().canEncode('✓');
    }

    /** Standard output, as it is. */
    static Terminal standard(Map<String, String> environment) {
        boolean terminal =
                Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
        boolean colours = terminal
                && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !"dumb".equals(environment.get("TERM"));
        return new Terminal(System.out, colours, System.out.charset());
    }

    void title(String text) {
        out.println();
        out.println(style("1", text));
    }

    void scene(int number, String text) {
        out.println();
        out.println(style("1;36", String.format(Locale.ROOT, "%2d  %s", number, text)));
    }

    /** A plain sentence. */
    void say(String text) {
        wrap(text, INDENT, INDENT, "0");
    }

    /** Something quoted: a log line, a command. */
    void quote(String text) {
        wrap(text, INDENT + (unicode ? "│ " : "| "), INDENT + (unicode ? "│   " : "|   "), "2");
    }

    /** A command to copy: never broken into lines. */
    void command(String text) {
        out.println(INDENT + (unicode ? "│ " : "| ") + text);
    }

    /** A name and its value, in columns. */
    void fact(String name, String value) {
        out.println(INDENT + style("2", pad(name, 14)) + value);
    }

    /** A step that is done, with the time it took. */
    void done(String what, Duration took) {
        String seconds = String.format(Locale.ROOT, "%6.2f s", took.toNanos() / 1e9);
        out.println(INDENT + style("32", mark()) + " " + pad(what, WIDTH - 20) + style("2", seconds));
    }

    void verdict(boolean held, String what, String detail) {
        String sign = held ? style("32", mark()) : style("1;31", unicode ? "✗" : "FAILED:");
        wrap(what + (held || detail.isEmpty() ? "" : ": " + detail), INDENT + sign + " ", INDENT + "  ", "0");
    }

    void line(String text) {
        out.println(INDENT + text);
    }

    void blank() {
        out.println();
    }

    String arrow() {
        return unicode ? "→" : "->";
    }

    private String mark() {
        return unicode ? "✓" : "ok";
    }

    private void wrap(String text, String first, String next, String style) {
        String prefix = first;
        for (String paragraph : text.lines().toList()) {
            StringBuilder line = new StringBuilder();
            for (String word : paragraph.split("[ \t]+", -1)) {
                if (!line.isEmpty() && line.length() + word.length() >= WIDTH - INDENT.length()) {
                    out.println(prefix + style(style, line.toString()));
                    line.setLength(0);
                    prefix = next;
                }
                line.append(line.isEmpty() ? "" : " ").append(word);
            }
            out.println(prefix + style(style, line.toString()));
            prefix = next;
        }
    }

    private String style(String codes, String text) {
        return colours && !codes.equals("0") ? "\u001b[" + codes + "m" + text + "\u001b[0m" : text;
    }

    private static String pad(String text, int width) {
        return text.length() >= width ? text + " " : text + " ".repeat(width - text.length());
    }
}
