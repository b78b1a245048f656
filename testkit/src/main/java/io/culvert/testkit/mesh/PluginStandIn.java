package io.culvert.testkit.mesh;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * Speaks with the agent as the plugin does (cni-agent: src/main/c/culvert-cni.c), where there is no plugin because no C
 * compiler was at hand: {@code POST /cni} on the agent's socket, the CNI variables as headers, the configuration as
 * body. A missing agent fails the ADD, as it does there.
 */
final class PluginStandIn {
    private PluginStandIn() {}

    static void add(Path agentRunDirectory, Map<String, String> environment, String configuration) throws IOException {
        Path socket = agentRunDirectory.resolve("pluginevent.sock");
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            byte[] body = configuration.getBytes(StandardCharsets.UTF_8);
            channel.write(new ByteBuffer[] {
                ByteBuffer.wrap(head(environment, body.length).getBytes(StandardCharsets.UTF_8)), ByteBuffer.wrap(body)
            });
            String answer = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
            if (!answer.startsWith("HTTP/1.1 200 ")) {
                throw new IOException("the agent refused the pod: " + answer.replace("\r\n", " | "));
            }
        } catch (IOException failure) {
            throw new IOException("CNI ADD (played by the testkit) failed: " + failure.getMessage(), failure);
        }
    }

    private static String head(Map<String, String> environment, int bodyBytes) {
        return "POST /cni HTTP/1.1\r\nHost: agent\r\nConnection: close\r\nContent-Type: application/json\r\n"
                + "X-Cni-Command: " + environment.get("CNI_COMMAND") + "\r\n"
                + "X-Cni-Containerid: " + environment.get("CNI_CONTAINERID") + "\r\n"
                + "X-Cni-Netns: " + environment.get("CNI_NETNS") + "\r\n"
                + "X-Cni-Ifname: " + environment.get("CNI_IFNAME") + "\r\n"
                + "X-Cni-Args: " + environment.get("CNI_ARGS") + "\r\n"
                + "X-Cni-Path: " + environment.get("CNI_PATH") + "\r\n"
                + "Content-Length: " + bodyBytes + "\r\n\r\n";
    }
}
