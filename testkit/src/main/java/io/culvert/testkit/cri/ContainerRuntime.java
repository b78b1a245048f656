package io.culvert.testkit.cri;

import io.culvert.linux.Netns;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A containerd of a test's own, in a node's network namespace: its root, state, sockets, plugins, network
 * configurations and network namespaces are below one directory. Pods outlive it, as on a real node: {@link #close}
 * removes them first.
 */
public final class ContainerRuntime implements AutoCloseable {
    /** Of the only image that there is, and of the pause containers. */
    public static final String IMAGE = "culvert.test/first:1";

    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final List<String> PLUGINS = List.of("bridge", "host-local", "loopback");
    /** Where Debian and others put them. */
    private static final List<Path> PLUGIN_PLACES =
            List.of(Path.of("/usr/lib/cni"), Path.of("/opt/cni/bin"), Path.of("/usr/libexec/cni"));

    private static final Logger log = LoggerFactory.getLogger(ContainerRuntime.class);

    private final Path directory;
    private final Netns node;
    private final String cgroup;
    private final CriClient client;
    private Child containerd;

    private ContainerRuntime(Path directory, Netns node, String cgroup, Child containerd) {
        this.directory = directory;
        this.node = node;
        this.cgroup = cgroup;
        this.containerd = containerd;
        this.client = new CriClient(directory.resolve("cri.sock"), cgroup);
    }

    /** What this machine lacks for it; empty if nothing. */
    public static Optional<String> obstacle() {
        for (String program : List.of("containerd", "ctr", "runc")) {
            if (find(program).isEmpty()) {
                return Optional.of(program + " is not on PATH (Debian: containerd, runc)");
            }
        }
        for (String plugin : PLUGINS) {
            if (plugin(plugin).isEmpty()) {
                return Optional.of("the CNI plugin " + plugin + " is neither in CNI_PATH nor in " + PLUGIN_PLACES
                        + " (Debian: containernetworking-plugins)");
            }
        }
        return Optional.empty();
    }

    private static Optional<Path> find(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.concat(Stream.of(path.split(":", -1)), Stream.of("/usr/sbin", "/sbin"))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static Optional<Path> plugin(String name) {
        return Stream.concat(
                        Stream.of(System.getenv().getOrDefault("CNI_PATH", "").split(":", -1))
                                .filter(place -> !place.isEmpty())
                                .map(Path::of),
                        PLUGIN_PLACES.stream())
                .map(directory -> directory.resolve(name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Where it looks for network configurations. */
    public static Path netDirectory(Path directory) {
        return directory.resolve("net.d");
    }

    /** Where it looks for CNI plugins. */
    public static Path binaryDirectory(Path directory) {
        return directory.resolve("bin");
    }

    /** Makes those two, with the cluster's own CNI in them: a bridge, chained after by nobody yet. */
    public static void prepare(Path directory, String bridgeConfiguration) throws IOException {
        Files.createDirectories(binaryDirectory(directory));
        for (String name : PLUGINS) {
            Files.createSymbolicLink(
                    binaryDirectory(directory).resolve(name), plugin(name).orElseThrow());
        }
        Path net = Files.createDirectories(netDirectory(directory));
        Files.writeString(net.resolve("10-bridge.conflist"), bridgeConfiguration);
    }

    /**
     * Starts it.
     *
     * @param directory that was prepared
     * @param cgroup one path segment, for the pods' cgroups
     * @param executable what the one image holds: statically linked, pauses when told {@code pause}
     */
    public static ContainerRuntime start(Path directory, Netns node, String cgroup, Path executable)
            throws IOException {
        Files.writeString(directory.resolve("containerd.toml"), configuration(directory));
        ContainerRuntime runtime = new ContainerRuntime(directory, node, cgroup, spawn(directory, node));
        try {
            runtime.importImage(executable);
            return runtime;
        } catch (IOException | RuntimeException failure) {
            runtime.close();
            throw failure;
        }
    }

    private static Child spawn(Path directory, Netns node) throws IOException {
        Program program = new Program(
                "containerd",
                List.of(
                        find("containerd").orElseThrow().toString(),
                        "--config",
                        directory.resolve("containerd.toml").toString()),
                Map.of("PATH", System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin"),
                directory,
                directory.resolve("containerd.log"));
        return Spawner.start(program, node);
    }

    /** Pods ask for a score that a machine without CAP_SYS_RESOURCE, such as a container, cannot give. */
    private static String configuration(Path directory) {
        return """
                version = 2
                root = "%1$s/root"
                state = "%1$s/state"
                disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
                    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
                    "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
                [grpc]
                address = "%1$s/cri.sock"
                [ttrpc]
                address = "%1$s/ttrpc.sock"
                [plugins."io.containerd.internal.v1.opt"]
                path = "%1$s/opt"
                [plugins."io.containerd.grpc.v1.cri"]
                sandbox_image = "%2$s"
                restrict_oom_score_adj = true
                netns_mounts_under_state_dir = true
                [plugins."io.containerd.grpc.v1.cri".containerd]
                snapshotter = "native"
                [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                runtime_type = "io.containerd.runc.v2"
                [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
                Root = "%1$s/runc"
                [plugins."io.containerd.grpc.v1.cri".cni]
                bin_dir = "%1$s/bin"
                conf_dir = "%1$s/net.d"
                """.formatted(directory, IMAGE);
    }

    private void importImage(Path executable) throws IOException {
        String architecture = System.getProperty("os.arch", "").equals("aarch64") ? "arm64" : "amd64";
        Path archive = directory.resolve("image.tar");
        Files.write(archive, OciImage.archive(IMAGE, executable, architecture));
        Await.untilTrue(
                "containerd's socket",
                LIMIT,
                () -> Files.exists(directory.resolve("cri.sock")),
                () -> containerd.log().tail(20));
        Process ctr = new ProcessBuilder(
                        find("ctr").orElseThrow().toString(),
                        "--address",
                        directory.resolve("cri.sock").toString(),
                        "--namespace",
                        "k8s.io",
                        "images",
                        "import",
                        "--snapshotter",
                        "native",
                        archive.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(ctr.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (ctr.waitFor() != 0) {
                throw new IOException("the image cannot be imported: " + said
                        + containerd.log().tail(20));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** Waits until runtime and network are ready to make pods. */
    public ContainerRuntime awaitReady() {
        Await.untilTrue(
                "a container runtime that is ready",
                LIMIT,
                () -> client.notReady().isEmpty(),
                () -> containerd.log().tail(20));
        return this;
    }

    public CriClient client() {
        return client;
    }

    public Path directory() {
        return directory;
    }

    /** The network namespaces that it holds now. */
    public List<Path> namespaces() throws IOException {
        Path held = directory.resolve("state/io.containerd.grpc.v1.cri/netns");
        if (!Files.isDirectory(held)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(held)) {
            return files.toList();
        }
    }

    /** The cgroups of containers that are left, in all hierarchies. */
    public List<Path> containerGroups() throws IOException {
        return RuntimeLeftovers.containerGroups(cgroup);
    }

    /** Ends containerd and starts it again; pods run on. */
    public void restart() throws IOException {
        containerd.stop(Duration.ofSeconds(10));
        containerd = spawn(directory, node);
        ContainerRuntime _ = awaitReady();
    }

    public String log() {
        return containerd.log().tail(30);
    }

    @Override
    public void close() {
        try {
            for (String sandbox : client.sandboxes()) {
                client.remove(sandbox);
            }
        } catch (IOException e) {
            log.warn("pods may be left for the sweep: {}", e.getMessage());
        }
        client.close();
        containerd.stop(Duration.ofSeconds(10));
        RuntimeLeftovers.sweep(directory, cgroup);
    }
}
