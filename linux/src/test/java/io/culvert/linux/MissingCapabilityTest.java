package io.culvert.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.linux.nftables.NfBatch;
import io.culvert.linux.nftables.NfFamily;
import io.culvert.linux.nftables.NfTable;
import io.culvert.linux.nftables.NfTables;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("netns")
class MissingCapabilityTest {
    @BeforeAll
    static void needsNamespaces() {
        TestKernel.requireNamespaces();
    }

    @Test
    void eachPrivilegedCallSaysThatItIsNotPermitted() throws Exception {
        try (Netns pod = Netns.create();
                Fd fd = Sockets.tcp(false);
                RouteNetlink routes = RouteNetlink.open(pod);
                NfTables rules = NfTables.open(pod)) {
            assertThat(Capabilities.withoutAny(() -> pod.call(() -> 1)))
                    .hasMessage("setns to network namespace " + pod.id().inode() + ": EPERM (Operation not permitted)");
            assertThat(Capabilities.withoutAny(Netns::create))
                    .hasMessageStartingWith("create a network namespace (needs CAP_SYS_ADMIN): EPERM");
            assertEperm(() -> {
                SocketOptions.setMark(fd.number(), 1);
                return 1;
            });
            assertEperm(() -> {
                Mounts.tmpfs(Path.of("/tmp"));
                return 1;
            });
            assertEperm(() -> {
                routes.createBridge("br0");
                return 1;
            });
            assertEperm(() -> {
                rules.commit(new NfBatch().addTable(new NfTable(NfFamily.INET, "cvt")));
                return 1;
            });
            assertThat(rules.tables(NfFamily.INET)).isEmpty();
            assertThat(routes.links()).hasSize(1);
        }
    }

    private static void assertEperm(NetnsCall<Integer, Exception> body) throws Exception {
        assertThat(Capabilities.withoutAny(body))
                .isInstanceOfSatisfying(
                        KernelException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
    }

    /** Closes the way home under its own feet: run as a process of its own. */
    public static final class Stranded {
        private Stranded() {}

        public static void main(String[] arguments) throws Exception {
            try (Netns pod = Netns.create()) {
                pod.call(() -> 1); // opens the way home
                String home =
                        Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
                pod.call(() -> {
                    try (var open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
                        for (Path each : open) {
                            if (Files.isSymbolicLink(each)
                                    && Files.readSymbolicLink(each).toString().equals(home)) {
                                Fd.adopt(Integer.parseInt(each.getFileName().toString()))
                                        .close();
                            }
                        }
                    }
                    return 1;
                });
            }
            System.out.println("went on");
        }
    }

    @Test
    void aThreadThatCannotComeHomeEndsTheProcess() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Stranded.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(output).isEqualTo(70);
        assertThat(output).contains("could not return from network namespace").doesNotContain("went on");
    }
}
