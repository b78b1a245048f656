package io.culvert.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("netns")
class NetnsTest {
    private static final Path OWN = Path.of("/proc/thread-self/ns/net");

    @BeforeAll
    static void needsNamespaces() {
        TestKernel.requireNamespaces();
    }

    @Test
    void entersTheNamespaceForTheBodyAndComesHome() throws IOException {
        try (Netns pod = Netns.create();
                Netns home = Netns.current()) {
            String inside = pod.call(() -> Files.readSymbolicLink(OWN).toString());

            assertThat(inside).isEqualTo("net:[" + pod.id().inode() + "]");
            assertThat(Files.readSymbolicLink(OWN)).hasToString(home.id().toString());
            assertThat(pod.id()).isNotEqualTo(home.id());
        }
    }

    @Test
    void comesHomeWhenTheBodyThrows() throws IOException {
        try (Netns pod = Netns.create();
                Netns home = Netns.current()) {
            assertThatThrownBy(() -> pod.call(() -> {
                        throw new IOException("from inside");
                    }))
                    .isInstanceOf(IOException.class)
                    .hasMessage("from inside");

            assertThat(Files.readSymbolicLink(OWN)).hasToString(home.id().toString());
            assertThat(pod.<Integer, RuntimeException>call(() -> 1)).isEqualTo(1);
        }
    }

    @Test
    void bindsASocketThatOnlyTheNamespaceSees() throws IOException {
        InetSocketAddress any = new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 0);
        try (Netns pod = Netns.create();
                Fd there = pod.call(() -> Sockets.tcp(false));
                Fd here = Sockets.tcp(false)) {
            Sockets.bind(there, any);
            Sockets.listen(there, 1);
            int port = Sockets.localAddress(there).getPort();

            // The same port is free at home, so the listener is not here.
            Sockets.bind(here, new InetSocketAddress(any.getAddress(), port));
            assertThat(Sockets.localAddress(here).getPort()).isEqualTo(port);
        }
    }

    @Test
    void namesANamespaceByTheNumbersThatStatGives() throws IOException {
        try (Netns own = Netns.open(Path.of("/proc/self/ns/net"))) {
            assertThat(own.id().device()).isEqualTo(Files.getAttribute(Path.of("/proc/self/ns/net"), "unix:dev"));
            assertThat(own.id().inode()).isEqualTo(Files.getAttribute(Path.of("/proc/self/ns/net"), "unix:ino"));
        }
    }

    @Test
    void duplicateOutlivesTheOriginal() throws IOException {
        Netns original = Netns.create();
        try (Netns copy = original.duplicate()) {
            original.close();

            assertThat(copy.id()).isEqualTo(original.id());
            assertThat(copy.call(() -> Files.readSymbolicLink(OWN)).toString())
                    .isEqualTo(copy.id().toString());
        }
    }

    @Test
    void refusesAFileThatIsNoNamespace(@TempDir Path dir) throws IOException {
        Path file = Files.createFile(dir.resolve("plain"));

        assertThatThrownBy(() -> Netns.open(file))
                .hasMessageContaining(file + ": ENOTTY")
                .hasMessageContaining("no namespace at all");
    }

    @Test
    void refusesAReceivedDescriptorThatIsNoNamespaceAndClosesIt() throws IOException {
        Fd socket = Sockets.udp(false);

        assertThatThrownBy(() -> Netns.adopt(socket))
                .asInstanceOf(type(KernelException.class))
                .matches(e -> e.errno() == Errno.ENOTTY);
        assertThat(socket.isOpen()).isFalse();
    }

    @Test
    void refusesANamespaceOfAnotherKindAndClosesItsDescriptor() {
        int before = TestKernel.openDescriptors();

        assertThatThrownBy(() -> Netns.open(Path.of("/proc/self/ns/mnt")))
                .asInstanceOf(type(KernelException.class))
                .matches(e -> e.errno() == Errno.EINVAL)
                .extracting(Throwable::getMessage)
                .asString()
                .contains("namespace of another kind");
        assertThat(TestKernel.openDescriptors()).isEqualTo(before);
    }

    @Test
    void saysWhichNamespaceFileIsMissing() {
        assertThatThrownBy(() -> Netns.open(Path.of("/no/such/ns")))
                .asInstanceOf(type(KernelException.class))
                .matches(e -> e.errnoName().equals("ENOENT"))
                .matches(e -> e.attempt().equals("open network namespace /no/such/ns"));
    }

    @Test
    void refusesAClosedHandle() throws IOException {
        Netns pod = Netns.create();
        pod.close();

        assertThatThrownBy(() -> pod.call(() -> 1))
                .asInstanceOf(type(KernelException.class))
                .matches(e -> e.errno() == Errno.EBADF);
    }

    @Test
    void refusesVirtualThreads() throws Exception {
        AtomicReference<Throwable> seen = new AtomicReference<>();
        try (Netns pod = Netns.create()) {
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            pod.call(() -> 1);
                        } catch (Exception e) {
                            seen.set(e);
                        }
                    })
                    .join();
        }

        assertThat(seen.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("virtual thread");
    }

    @Test
    void refusesAWindowInsideAWindow() throws IOException {
        try (Netns one = Netns.create();
                Netns two = Netns.create()) {
            assertThatThrownBy(() -> one.call(() -> two.call(() -> 1)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("already inside");
        }
    }

    @Test
    void keepsNoDescriptorsOrThreadsOfAThousandNamespaces() throws IOException {
        try (Netns first = Netns.create()) {
            first.call(() -> 1);
        }
        int before = TestKernel.openDescriptors();
        for (int i = 0; i < 1000; i++) {
            try (Netns pod = Netns.create();
                    Netns copy = pod.duplicate()) {
                copy.call(() -> 1);
            }
        }

        assertThat(TestKernel.openDescriptors()).isEqualTo(before);
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(t -> t.getName().equals("netns-birth"));
    }
}
