package io.culvert.proxy.admin;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** A whole answer. Header names are in lower case and in the order in which they go out. */
@SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
record HttpAnswer(int status, Map<String, String> headers, byte[] body) {

    private static final String TEXT = "text/plain";

    static HttpAnswer text(int status, String body) {
        return of(status, TEXT, body.getBytes(StandardCharsets.UTF_8));
    }

    static HttpAnswer of(int status, String contentType, byte[] body) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("content-type", contentType);
        return new HttpAnswer(status, headers, body);
    }

    static HttpAnswer empty(int status) {
        return new HttpAnswer(status, Map.of(), new byte[0]);
    }

    HttpAnswer with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new HttpAnswer(status, more, body);
    }
}
