package io.culvert.proxy.hbone;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("direct")
final class EchoTest {
    @Test
    void echoesThroughPoolAndServer() throws Exception {
        byte[] hello = "hello".getBytes(StandardCharsets.UTF_8);
        byte[] world = "world".getBytes(StandardCharsets.UTF_8);
        try (ServerSocket application = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                TunnelForTests tunnel = new TunnelForTests()) {
            tunnel.application = (InetSocketAddress) application.getLocalSocketAddress();
            try (Socket client = tunnel.connect()) {
                client.getOutputStream().write(hello);
                try (Socket served = application.accept()) {
                    assertThat(served.getInputStream().readNBytes(5)).isEqualTo(hello);
                    served.getOutputStream().write(world);
                    assertThat(client.getInputStream().readNBytes(5)).isEqualTo(world);
                }
            }
        }
    }
}
