package io.culvert.testkit.listen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.culvert.linux.Netns;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.testkit.kube.KubeApi;
import io.culvert.testkit.network.Privileges;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("netns")
class ListeningTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    @Test
    void serverIsReachedInsideItsNamespaceOnly() throws Exception {
        String obstacle = Privileges.obstacleToNamespaces().orElse("");
        Assumptions.assumeTrue(obstacle.isEmpty(), "not run: " + obstacle);
        try (Netns netns = Netns.create();
                RouteNetlink links = RouteNetlink.open(netns)) {
            links.setUp("lo");
            try (KubeApi api = KubeApi.start(Listening.in(netns, new InetSocketAddress(LOOPBACK, 0)))) {
                try (SocketChannel inside = netns.call(SocketChannel::open)) {
                    assertThat(inside.connect(api.address())).isTrue();
                }
                try (SocketChannel outside = SocketChannel.open()) {
                    assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> outside.connect(api.address()));
                }
            }
        }
    }

    @Test
    void addressInUseIsNamed() throws IOException {
        try (KubeApi first = KubeApi.start(Listening.at(new InetSocketAddress(LOOPBACK, 0)))) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> KubeApi.start(Listening.at(first.address())))
                    .withMessageContaining(
                            "cannot listen on /127.0.0.1:" + first.address().getPort());
        }
    }
}
