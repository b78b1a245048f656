package io.culvert.perf.load;

import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What harness and generator say to each other: a verb, and named values in URL encoding, on one line.
 *
 * @param values in the order in which they were given
 */
public record Line(String verb, Map<String, String> values) {

    public Line {
        values = new LinkedHashMap<>(values);
    }

    public static Line of(String verb) {
        return new Line(verb, Map.of());
    }

    /** The same with one value more. */
    public Line with(String name, Object value) {
        Line more = new Line(verb, values);
        more.values.put(name, value.toString());
        return more;
    }

    /**
     * The inverse of {@link #toString}.
     *
     * @throws IllegalArgumentException if it is not of this form
     */
    public static Line parse(String text) {
        String[] words = text.strip().split(" ", -1);
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 1; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            if (equals <= 0) {
                throw new IllegalArgumentException("'" + words[i] + "' is not NAME=VALUE, in: " + text);
            }
            String value = URLDecoder.decode(words[i].substring(equals + 1), StandardCharsets.UTF_8);
            values.put(words[i].substring(0, equals), value);
        }
        return new Line(words[0], values);
    }

    public String text(String name) {
        return Optional.ofNullable(values.get(name))
                .orElseThrow(() -> new IllegalArgumentException(verb + " needs " + name + "=..."));
    }

    public long number(String name) {
        return Long.parseLong(text(name));
    }

    public int count(String name) {
        return Integer.parseInt(text(name));
    }

    /** A value in milliseconds. */
    public Duration millis(String name) {
        return Duration.ofMillis(number(name));
    }

    /** A value of the form ADDRESS:PORT; names are not resolved. */
    public InetSocketAddress address(String name) {
        String value = text(name);
        int colon = value.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException(name + "=" + value + " is not ADDRESS:PORT");
        }
        return new InetSocketAddress(
                java.net.InetAddress.ofLiteral(value.substring(0, colon)),
                Integer.parseInt(value.substring(colon + 1)));
    }

    /** An address as {@link #address} reads it. */
    public static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(verb);
        values.forEach((name, value) ->
                text.append(' ').append(name).append('=').append(URLEncoder.encode(value, StandardCharsets.UTF_8)));
        return text.toString();
    }
}
