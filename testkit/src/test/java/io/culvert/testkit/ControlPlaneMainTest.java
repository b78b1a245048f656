package io.culvert.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.testkit.controlplane.ResourceType;
import io.culvert.testkit.controlplane.TestProxy;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("direct")
class ControlPlaneMainTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String ONE_POD = "mesh: m\nnodes:\n- name: node-a\n  pods:\n  - name: one\n";

    @TempDir
    Path directory;

    @Test
    void servesTheFileFollowsItsChangesAndEndsBySigterm() throws Exception {
        Path mesh = directory.resolve("mesh.yaml");
        Files.writeString(mesh, ONE_POD);
        try (Child main = start(
                "--mesh",
                mesh.toString(),
                "--listen",
                "127.0.0.1:0",
                "--dir",
                directory.resolve("d").toString())) {
            String token = value(main, "AUTH_TOKEN");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(token))))
                    .isEqualTo("rw-------");
            assertThat(value(main, "NODE_NAME")).isEqualTo("node-a");
            int port = URI.create(value(main, "XDS_ADDRESS")).getPort();
            try (TestProxy proxy = TestProxy.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                    Files.readString(Path.of(value(main, "XDS_ROOT_CA"))),
                    Files.readString(Path.of(token)),
                    "127.0.0.1")) {
                followChanges(main, mesh, proxy.open());
            }
            main.terminate();
            assertThat(main.awaitExit(LIMIT)).isTrue();
            assertThat(main.exitStatus()).isZero();
        }
    }

    /** A script that waits for the ready line has everything else by then, and is served. */
    @Test
    void saysWhereRootCertificateAndTokenAreAndThenThatItIsReady() throws Exception {
        Path mesh = directory.resolve("mesh.yaml");
        Files.writeString(mesh, ONE_POD);
        Path files = directory.resolve("files");
        try (Child main = start("--mesh", mesh.toString(), "--listen", "127.0.0.1:0", "--dir", files.toString())) {
            String ready = main.awaitLine("ready", 0, LIMIT, line -> line.startsWith("ready: "));
            List<String> said = main.log().lines();

            Path token = files.resolve("node-a/istio-token");
            assertThat(said.getLast()).isEqualTo(ready).endsWith(value(main, "XDS_ADDRESS"));
            assertThat(said)
                    .contains("root certificate: " + files.resolve("root-cert.pem"))
                    .contains("# proxy of node-a (token: " + token + ")")
                    .contains("export CA_ROOT_CA='" + files.resolve("root-cert.pem") + "'");
            URI served = URI.create(value(main, "XDS_ADDRESS"));
            try (TestProxy proxy = TestProxy.connect(
                    new InetSocketAddress(served.getHost(), served.getPort()),
                    Files.readString(files.resolve("root-cert.pem")),
                    Files.readString(token),
                    "127.0.0.1")) {
                TestProxy.Stream stream = proxy.open();
                stream.send(DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.ADDRESS.url()));
                assertThat(TestProxy.names(stream.receive())).containsExactly("Kubernetes//Pod/default/one");
            }
        }
    }

    private static void followChanges(Child main, Path mesh, TestProxy.Stream stream) throws Exception {
        stream.send(DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.ADDRESS.url()));
        assertThat(TestProxy.names(stream.receive())).containsExactly("Kubernetes//Pod/default/one");
        replace(mesh, ONE_POD + "  - nmae: two\n");
        assertThat(main.awaitLine("refusal", 0, LIMIT, line -> line.startsWith("not taken over")))
                .contains("mesh.yaml:6");
        replace(mesh, ONE_POD + "  - name: two\n");
        assertThat(TestProxy.names(stream.receive())).containsExactly("Kubernetes//Pod/default/two");
    }

    @Test
    void temporaryFilesGoAtTheEnd() throws Exception {
        Path mesh = directory.resolve("mesh.yaml");
        Files.writeString(mesh, ONE_POD);
        try (Child main = start("--mesh", mesh.toString(), "--listen", "127.0.0.1:0")) {
            Path root = Path.of(value(main, "XDS_ROOT_CA"));
            assertThat(root).exists();
            main.stop(LIMIT);
            assertThat(root.getParent()).doesNotExist();
        }
    }

    @Test
    void saysWhyItCannotStart() throws Exception {
        assertThat(failing(1, "--mesh", directory.resolve("none.yaml").toString()))
                .contains("not there or not readable");
        Path broken = directory.resolve("broken.yaml");
        Files.writeString(broken, "mesh: m\nnode: []\n");
        assertThat(failing(1, "--mesh", broken.toString())).contains("broken.yaml:2: node: is unknown here");
        assertThat(failing(2, "--msh", "x")).contains("unknown argument --msh").contains("usage:");
    }

    @Test
    void refusesWrongArguments() {
        refuses("--mesh is missing");
        refuses("needs a value", "--mesh");
        refuses("no address and port", "--mesh", "m", "--listen", "localhost");
        refuses("no address and port", "--mesh", "m", "--listen", "127.0.0.1:99999");
        refuses("no address to be reached by", "--mesh", "m", "--listen", "0.0.0.0:15012");
        refuses("no whole number", "--mesh", "m", "--offset", "x");
    }

    private static void refuses(String reason, String... arguments) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ControlPlaneArguments.parse(List.of(arguments)))
                .withMessageContaining(reason);
    }

    private static String value(Child main, String variable) {
        String start = "export " + variable + "='";
        String line = main.awaitLine(variable, 0, LIMIT, one -> one.startsWith(start));
        return line.substring(start.length(), line.length() - 1);
    }

    private static void replace(Path file, String text) throws IOException {
        Path fresh = file.resolveSibling("fresh");
        Files.writeString(fresh, text);
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
    }

    private String failing(int status, String... arguments) throws IOException {
        try (Child main = start(arguments)) {
            assertThat(main.awaitExit(LIMIT)).isTrue();
            assertThat(main.exitStatus()).isEqualTo(status);
            return String.join("\n", main.log().lines());
        }
    }

    private Child start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                ControlPlaneMain.class.getName()));
        command.addAll(List.of(arguments));
        Path log = Files.createTempFile(directory, "log", "");
        return Spawner.start(new Program("control-plane", command, Map.of(), directory, log));
    }
}
