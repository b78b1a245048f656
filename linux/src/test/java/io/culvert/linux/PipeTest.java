package io.culvert.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("direct")
final class PipeTest {
    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);
    private static final int ROOM = 64 * 1024;

    @Test
    void carriesBytesFromOneSocketToAnother() throws Exception {
        try (var listener = new ServerSocket(0, 2, InetAddress.getLoopbackAddress());
                Fd from = connectTo(listener);
                Socket source = listener.accept();
                Fd to = connectTo(listener);
                Socket target = listener.accept();
                Pipe pipe = Pipe.open(ROOM)) {
            assertThat(pipe.fill(from.number(), ROOM)).isEqualTo(-Errno.EAGAIN);
            source.getOutputStream().write(HELLO);
            source.shutdownOutput();
            int filled;
            do {
                filled = pipe.fill(from.number(), ROOM);
            } while (filled == -Errno.EAGAIN);
            assertThat(filled).isEqualTo(HELLO.length);
            assertThat(pipe.drain(to.number(), filled)).isEqualTo(HELLO.length);
            target.setSoTimeout(30_000);
            assertThat(target.getInputStream().readNBytes(HELLO.length)).isEqualTo(HELLO);
            int end;
            do {
                end = pipe.fill(from.number(), ROOM);
            } while (end == -Errno.EAGAIN);
            assertThat(end).isZero();
        }
    }

    private static Fd connectTo(ServerSocket listener) throws IOException {
        Fd fd = Sockets.tcp(false);
        Sockets.connect(fd, (InetSocketAddress) listener.getLocalSocketAddress());
        return fd;
    }

    @Test
    void closesBothEnds() throws Exception {
        String[] ends = new String[2];
        try (Pipe pipe = Pipe.open(ROOM)) {
            String[] numbers = pipe.toString().replaceAll("[^0-9]+", " ").trim().split(" ");
            assertThat(numbers).hasSize(2);
            for (int i = 0; i < 2; i++) {
                ends[i] = Files.readSymbolicLink(Path.of("/proc/self/fd", numbers[i]))
                        .toString();
                assertThat(ends[i]).startsWith("pipe:");
            }
        }
        assertThat(ends[0]).isEqualTo(ends[1]);
        assertThat(openFiles()).doesNotContain(ends[0]);
    }

    private static String openFiles() throws IOException {
        StringBuilder all = new StringBuilder();
        try (var files = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path file : files) {
                try {
                    all.append(Files.readSymbolicLink(file)).append('\n');
                } catch (IOException e) {
                    // The listing's own descriptor, or one that somebody closed meanwhile.
                }
            }
        }
        return all.toString();
    }

    @Test
    void saysWhatItCouldNotDo() {
        assertThatThrownBy(() -> Pipe.open(Integer.MIN_VALUE))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("pipe");
    }
}
