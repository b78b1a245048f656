package io.culvert.proxy.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.regex.Pattern;

/** Texts of the environment that end up in calls to the control plane. */
final class UriCheck {

    /** RFC 9110 section 5.6.2 (token), in lower case as HTTP/2 has it. */
    private static final Pattern HEADER_NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9a-z-]{1,256}");

    private UriCheck() {}

    static boolean isServer(String text) {
        try {
            URI uri = new URI(text);
            boolean scheme = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
            return scheme && uri.getHost() != null && uri.getPort() != 0;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    static boolean isHeaderName(String text) {
        return HEADER_NAME.matcher(text).matches();
    }

    static boolean isHeaderValue(String text) {
        return text.chars().allMatch(c -> c == '\t' || (c >= 0x20 && c < 0x7f));
    }
}
