package io.culvert.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("netns")
class PrivilegedSocketsTest {
    @BeforeAll
    static void needsNamespaces() {
        TestKernel.requireNamespaces();
    }

    @Test
    void marksPackets() throws IOException {
        try (Netns pod = Netns.create();
                Fd fd = pod.call(() -> Sockets.tcp(false))) {
            SocketOptions.setMark(fd.number(), 1337);

            assertThat(SocketOptions.getMark(fd.number())).isEqualTo(1337);
        }
    }

    @Test
    void bindsToForeignAddressesOnlyWhenTransparent() throws IOException {
        InetSocketAddress foreign4 = new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 0);
        InetSocketAddress foreign6 = new InetSocketAddress(InetAddress.ofLiteral("2001:db8::1"), 0);
        try (PodPair pair = PodPair.create();
                Fd v4 = pair.pod().call(() -> Sockets.tcp(false));
                Fd v6 = pair.pod().call(() -> Sockets.tcp(true))) {
            assertThatThrownBy(() -> Sockets.bind(v4, foreign4)).hasMessageContaining("EADDRNOTAVAIL");
            assertThatThrownBy(() -> Sockets.bind(v6, foreign6)).hasMessageContaining("EADDRNOTAVAIL");
            assertThat(SocketOptions.isTransparent(v4.number())).isFalse();
            SocketOptions.setTransparent(v4.number(), false);
            SocketOptions.setTransparent(v6.number(), true);
            SocketOptions.setFreebind(v6.number(), true);
            Sockets.bind(v4, foreign4);
            Sockets.bind(v6, foreign6);

            assertThat(SocketOptions.isTransparent(v4.number())).isTrue();
            assertThat(SocketOptions.isTransparent(v6.number())).isTrue();
            assertThat(Sockets.localAddress(v6).getAddress()).isEqualTo(foreign6.getAddress());
        }
    }

    @Test
    void namesANamespaceByAMount(@TempDir Path dir) throws IOException {
        Path name = Files.createFile(dir.resolve("pod-1"));
        NetnsId id;
        try (Netns pod = Netns.create()) {
            Mounts.bind(pod, name);
            id = pod.id();
        }
        try (Netns again = Netns.open(name)) {
            assertThat(again.id()).isEqualTo(id);
        } finally {
            Mounts.unmount(name);
        }
        assertThatThrownBy(() -> Netns.open(name)).hasMessageContaining("no namespace at all");
        assertThatThrownBy(() -> Mounts.unmount(name)).hasMessage("unmount " + name + ": EINVAL (Invalid argument)");
        assertThatThrownBy(() -> Mounts.bind(dir, dir.resolve("absent"))).hasMessageContaining("ENOENT");
    }

    @Test
    void mountsMemory(@TempDir Path dir) throws IOException {
        Mounts.tmpfs(dir);
        try {
            assertThat(Files.getFileStore(dir).type()).isEqualTo("tmpfs");
            Files.createFile(dir.resolve("inside"));
        } finally {
            Mounts.unmount(dir);
        }
        assertThat(dir).isEmptyDirectory();
    }
}
