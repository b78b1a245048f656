package io.culvert.proxy.telemetry;

import io.culvert.proxy.address.IpPort;
import java.util.Optional;

/**
 * The {@code forwarded} header of HBONE (RFC 7239, as far as ztunnel goes with it): the client's address, and the
 * service that the client asked for. Only the host is ever read, and only for telemetry.
 */
public final class Forwarded {

    private Forwarded() {}

    /** {@code for="10.0.0.1:4711"}, with {@code ;host=<hostname>} if the call was for a service. */
    public static String header(IpPort client, String serviceHostname) {
        String source = "for=\"" + client + "\"";
        return serviceHostname.isEmpty() ? source : source + ";host=" + serviceHostname;
    }

    /** The host parameter; empty if there is none, or if the value is not ASCII. */
    public static Optional<String> host(CharSequence headerValue) {
        String text = headerValue.toString();
        if (!text.chars().allMatch(c -> c < 0x80)) {
            return Optional.empty();
        }
        for (int from = 0; from <= text.length(); ) {
            int semicolon = text.indexOf(';', from);
            int to = semicolon < 0 ? text.length() : semicolon;
            String parameter = text.substring(from, to).strip();
            if (parameter.startsWith("host=")) {
                String host = unquoted(parameter.substring("host=".length()));
                return host.isEmpty() ? Optional.empty() : Optional.of(host);
            }
            from = to + 1;
        }
        return Optional.empty();
    }

    private static String unquoted(String text) {
        boolean quoted = text.length() >= 2 && text.startsWith("\"") && text.endsWith("\"");
        return quoted ? text.substring(1, text.length() - 1) : text;
    }
}
