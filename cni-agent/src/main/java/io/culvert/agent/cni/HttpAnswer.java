package io.culvert.agent.cni;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** What goes back. The connection ends after it. */
@SuppressWarnings("ArrayRecordComponent") // written once, by its maker
record HttpAnswer(int status, String contentType, byte[] body) {
    static HttpAnswer text(int status, String text) {
        return new HttpAnswer(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    static HttpAnswer json(int status, byte[] body) {
        return new HttpAnswer(status, "application/json", body);
    }

    void write(OutputStream out) throws IOException {
        String head = "HTTP/1.1 " + status + " " + phrase() + "\r\nContent-Type: " + contentType
                + "\r\nContent-Length: " + body.length + "\r\nConnection: close\r\n\r\n";
        ByteArrayOutputStream whole = new ByteArrayOutputStream(head.length() + body.length);
        whole.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
        whole.writeBytes(body);
        out.write(whole.toByteArray());
        out.flush();
    }

    private String phrase() {
        return switch (status) {
            case 200 -> "OK";
            case 404 -> "Not Found";
            case 500 -> "Internal Server Error";
            default -> "Bad Request";
        };
    }
}
