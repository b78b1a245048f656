package io.culvert.testkit.workload;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Start line and headers (names in lower case) of an HTTP/1.1 message; enough of RFC 9112 for our own two ends and
 * curl.
 */
record HttpHead(String startLine, Map<String, String> headers) {
    private static final int LINE_MAX_BYTES = 8 * 1024;
    private static final int HEADERS_MAX = 100;

    /** Reads one; null when the peer ended in order before its first byte. */
    static @Nullable HttpHead readOrNull(InputStream in) throws IOException {
        String start = readLine(in);
        if (start == null) {
            return null;
        }
        Map<String, String> headers = new LinkedHashMap<>();
        while (true) {
            String line = readLine(in);
            if (line == null) {
                throw new EOFException("connection ended within HTTP headers");
            }
            if (line.isEmpty()) {
                return new HttpHead(start, headers);
            }
            int colon = line.indexOf(':');
            if (colon <= 0 || headers.size() >= HEADERS_MAX) {
                throw new IOException("malformed or too many HTTP headers, at: " + line);
            }
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
    }

    /** The value of a header, or the empty string. */
    String header(String lowerCaseName) {
        return headers.getOrDefault(lowerCaseName, "");
    }

    /** Bytes of body that follow; 0 when not told. */
    long contentLength() throws IOException {
        String text = header("content-length");
        if (text.isEmpty()) {
            return 0;
        }
        try {
            return Long.parseUnsignedLong(text);
        } catch (NumberFormatException malformed) {
            throw new IOException("malformed Content-Length: " + text, malformed);
        }
    }

    private static @Nullable String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        while (line.length() < LINE_MAX_BYTES) {
            int b = in.read();
            if (b < 0) {
                if (line.isEmpty()) {
                    return null;
                }
                throw new EOFException("connection ended within an HTTP line: " + line);
            }
            if (b == '\n') {
                int end = line.length();
                return end > 0 && line.charAt(end - 1) == '\r' ? line.substring(0, end - 1) : line.toString();
            }
            line.append((char) b);
        }
        throw new IOException("HTTP line longer than " + LINE_MAX_BYTES + " bytes: "
                + new String(line.substring(0, 40).getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.ISO_8859_1));
    }
}
