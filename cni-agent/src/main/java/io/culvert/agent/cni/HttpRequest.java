package io.culvert.agent.cni;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * One HTTP/1.1 request with a sized body (RFC 9112), as the two plugins send it. Neither chunked bodies nor pipelining.
 *
 * @param headers names in lower case
 */
@SuppressWarnings("ArrayRecordComponent") // read once, by one handler
record HttpRequest(String method, String path, Map<String, String> headers, byte[] body) {
    private static final int HEAD_BYTES_MAX = 64 * 1024;
    /** A CNI configuration with its previous result; some kilobytes in practice, and the relay sends at most 1 MiB. */
    private static final int BODY_BYTES_MAX = 1024 * 1024;

    /** A request that cannot be served, and the status to answer with. */
    static final class BadRequestException extends IOException {
        private static final long serialVersionUID = 1L;
        private final int status;

        BadRequestException(int status, String message) {
            super(message);
            this.status = status;
        }

        int status() {
            return status;
        }
    }

    String header(String name) {
        return headers.getOrDefault(name, "");
    }

    /**
     * Reads one request.
     *
     * @throws BadRequestException where it is no request that we serve
     * @throws IOException where the connection failed
     */
    static HttpRequest read(InputStream in) throws IOException {
        String[] lines = head(in).split("\r\n", -1);
        String[] request = lines[0].split(" ", -1);
        if (request.length != 3 || !request[2].startsWith("HTTP/1.")) {
            throw new BadRequestException(400, "the first line is not an HTTP/1.1 request line");
        }
        Map<String, String> headers = new HashMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon < 1) {
                throw new BadRequestException(400, "a header line has no name");
            }
            headers.put(
                    lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                    lines[i].substring(colon + 1).strip());
        }
        if (headers.containsKey("transfer-encoding")) {
            throw new BadRequestException(411, "send the body with Content-Length");
        }
        return new HttpRequest(request[0], request[1], headers, body(in, headers.getOrDefault("content-length", "0")));
    }

    /** Up to the empty line, without it. Byte by byte from a buffered stream: the body must not be read into. */
    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        int last4 = 0;
        while (last4 != 0x0d0a0d0a) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the connection ended within the request's head");
            }
            if (bytes.size() == HEAD_BYTES_MAX) {
                throw new BadRequestException(431, "the request's head is longer than " + HEAD_BYTES_MAX + " bytes");
            }
            bytes.write(next);
            last4 = (last4 << 8) | next;
        }
        String text = bytes.toString(StandardCharsets.UTF_8);
        return text.substring(0, text.length() - 4);
    }

    private static byte[] body(InputStream in, String length) throws IOException {
        int size;
        try {
            size = Integer.parseInt(length);
        } catch (NumberFormatException e) {
            throw new BadRequestException(400, "Content-Length is not a number");
        }
        if (size < 0 || size > BODY_BYTES_MAX) {
            throw new BadRequestException(413, "the body is longer than " + BODY_BYTES_MAX + " bytes");
        }
        byte[] body = in.readNBytes(size);
        if (body.length < size) {
            throw new IOException("the connection ended within the request's body");
        }
        return body;
    }
}
