package io.culvert.testkit.workload;

import com.google.gson.stream.JsonWriter;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * An HTTP/1.1 server that tells who answered and what it saw: pod, namespace, node, peer address, request line and
 * headers, as JSON, with the first four also as headers. Keeps connections alive. Request bodies of known length are
 * read and counted.
 */
public final class HttpServer {
    private HttpServer() {}

    /** Answers in the name of one pod. */
    public static TcpService.Handler answeringAs(String pod, String namespace, String node) {
        return connection -> serve(connection, pod, namespace, node);
    }

    private static void serve(SocketChannel connection, String pod, String namespace, String node) throws IOException {
        BufferedInputStream in = new BufferedInputStream(connection.socket().getInputStream());
        OutputStream out = new BufferedOutputStream(connection.socket().getOutputStream());
        InetSocketAddress peer = (InetSocketAddress) connection.getRemoteAddress();
        while (true) {
            HttpHead request = HttpHead.readOrNull(in);
            if (request == null) {
                return;
            }
            long bodyBytes = request.contentLength();
            in.skipNBytes(bodyBytes);
            boolean last = "close".equalsIgnoreCase(request.header("connection"));
            String peerText = peer.getAddress().getHostAddress();
            byte[] body =
                    describe(pod, namespace, node, peer, request, bodyBytes).getBytes(StandardCharsets.UTF_8);
            String head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + body.length
                    + "\r\nX-Pod: " + pod + "\r\nX-Namespace: " + namespace + "\r\nX-Node: " + node + "\r\nX-Peer: "
                    + peerText + "\r\n" + (last ? "Connection: close\r\n" : "") + "\r\n";
            out.write(head.getBytes(StandardCharsets.ISO_8859_1));
            out.write(body);
            out.flush();
            if (last) {
                return;
            }
        }
    }

    private static String describe(
            String pod, String namespace, String node, InetSocketAddress peer, HttpHead request, long bodyBytes)
            throws IOException {
        StringWriter text = new StringWriter();
        try (JsonWriter json = new JsonWriter(text)) {
            json.beginObject();
            json.name("pod")
                    .value(pod)
                    .name("namespace")
                    .value(namespace)
                    .name("node")
                    .value(node);
            json.name("peer").value(peer.getAddress().getHostAddress() + ":" + peer.getPort());
            json.name("request").value(request.startLine()).name("bodyBytes").value(bodyBytes);
            json.name("headers").beginObject();
            for (Map.Entry<String, String> header : request.headers().entrySet()) {
                json.name(header.getKey()).value(header.getValue());
            }
            json.endObject().endObject();
        }
        return text.append('\n').toString();
    }
}
