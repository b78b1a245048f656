package io.culvert.testkit.workload;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** An HTTP/1.1 client in a pod: one connection per request, no redirects, no surprises. */
public final class HttpClient {
    private final TcpClient tcp;

    /** @param limit for connecting, and again for each read */
    public HttpClient(PodSockets sockets, Duration limit) {
        this.tcp = new TcpClient(sockets, limit);
    }

    /** GET over a fresh connection; {@code host} goes into the Host header only. */
    public HttpResult get(InetSocketAddress to, String host, String path) throws IOException {
        return send(to, "GET", host, path);
    }

    /** A request without body, of any method. */
    public HttpResult send(InetSocketAddress to, String method, String host, String path) throws IOException {
        String request = method + " " + path + " HTTP/1.1\r\nHost: " + host
                + "\r\nUser-Agent: culvert-testkit\r\nConnection: close\r\n\r\n";
        // Not half-closed: servers may take the end of the client's side for its departure.
        TcpResult end = tcp.exchangeOpen(to, request.getBytes(StandardCharsets.ISO_8859_1), Long.MAX_VALUE);
        return switch (end) {
            case TcpResult.Answered answered -> parse(answered.bytes().newInput());
            case TcpResult.Refused refused -> new HttpResult.NoReply(refused);
            case TcpResult.Reset reset -> new HttpResult.NoReply(reset);
            case TcpResult.ClosedEmpty closed -> new HttpResult.NoReply(closed);
            case TcpResult.Unreachable unreachable -> new HttpResult.NoReply(unreachable);
            case TcpResult.TimedOut late -> new HttpResult.NoReply(late);
        };
    }

    private static HttpResult parse(InputStream in) throws IOException {
        HttpHead head = HttpHead.readOrNull(in);
        if (head == null) {
            return new HttpResult.NoReply(new TcpResult.ClosedEmpty());
        }
        String[] words = head.startLine().split(" ", 3);
        if (words.length < 2) {
            throw new IOException("malformed HTTP status line: " + head.startLine());
        }
        String body = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        return new HttpResult.Reply(Integer.parseInt(words[1]), head.headers(), body);
    }
}
