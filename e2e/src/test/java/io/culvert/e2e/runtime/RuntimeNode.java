package io.culvert.e2e.runtime;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import io.culvert.e2e.mesh.Programs;
import io.culvert.linux.nftables.NfFamily;
import io.culvert.linux.nftables.NfTable;
import io.culvert.linux.nftables.NfTables;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.TunnelProtocol;
import io.culvert.proto.workload.Workload;
import io.culvert.testkit.controlplane.ResourceType;
import io.culvert.testkit.cri.ContainerRuntime;
import io.culvert.testkit.cri.CriClient.SandboxName;
import io.culvert.testkit.kube.KubeKind;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshOptions.Agent;
import io.culvert.testkit.mesh.MeshOptions.CniPlugin;
import io.culvert.testkit.network.PacketTap;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.Subnet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A node with a container runtime: network, proxy, agent, control plane and API server of a {@link Mesh} that has no
 * pods, and a containerd in its namespace, to which this speaks as a kubelet. The agent installs and chains the plugin
 * itself. A tap sees all packets of the node, and remembers whose words it could read.
 */
final class RuntimeNode implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(90);
    static final String IN_MESH = "default";
    static final String OUTSIDE = "plain";

    /** Every text that a pod sends begins so; what follows says which pod it is. */
    private static final String WORDS = "CULVERT-IN-THE-CLEAR-";

    /** Above what the mesh gives to pods of its own. */
    private static final int HOST_FIRST = 150;

    private static final int HOST_LAST = 250;

    private final Path directory;
    private final Mesh mesh;
    private final ContainerRuntime runtime;
    private final PacketTap tap;
    private final Set<String> readable = ConcurrentHashMap.newKeySet();
    private final Map<String, String> addresses = new ConcurrentHashMap<>();

    private RuntimeNode(Path directory, Mesh mesh, ContainerRuntime runtime) throws IOException {
        this.directory = directory;
        this.mesh = mesh;
        this.runtime = runtime;
        this.tap = PacketTap.start(
                node().network().netns(), segment -> heard(segment.payload().toString(StandardCharsets.ISO_8859_1)));
    }

    /** A pod whose sandbox runs. */
    record Pod(SandboxName name, String sandbox, String address, Path log) {}

    /** Says that the test is not run, where this machine lacks something. */
    static void assumeItCanRun() {
        Programs.assumeMeshesCanRun();
        String missing = ContainerRuntime.obstacle().orElse("");
        assumeTrue(missing.isEmpty(), () -> "not run under a real container runtime: " + missing);
    }

    /** @param directory whose path is short: sockets have names of 107 bytes */
    static RuntimeNode start(Path directory) throws IOException {
        Path executable = compile(directory);
        Path account = Files.createDirectories(directory.resolve("account"));
        Files.writeString(account.resolve("token"), "token");
        Files.writeString(account.resolve("ca.crt"), "CA");
        MeshSpec spec = MeshSpec.mesh("runtime")
                .namespace(IN_MESH, namespace -> namespace.mesh(true))
                .namespace(OUTSIDE, namespace -> {})
                .node("one", node -> {})
                .build();
        // Before the agent, which is ready only when it has chained the plugin after something.
        ContainerRuntime.prepare(directory, bridge(directory, AddressPlan.of(spec, 0)));
        Mesh mesh = Mesh.start(
                spec,
                Programs.options()
                        .agent(new Agent.Command(
                                Programs.agent(), settings(directory, account), new CniPlugin.PlayedByTestkit()))
                        .build());
        try {
            ContainerRuntime runtime = ContainerRuntime.start(
                    directory,
                    mesh.node("one").network().netns(),
                    mesh.directory().getFileName().toString(),
                    executable);
            return new RuntimeNode(directory, mesh, runtime);
        } catch (IOException | RuntimeException failure) {
            mesh.close();
            throw failure;
        }
    }

    private static Map<String, String> settings(Path directory, Path account) {
        Map<String, String> settings = new HashMap<>();
        settings.put("CULVERT_CNI_INSTALL", "true");
        settings.put("CULVERT_HOST_RULES", "true");
        settings.put(
                "CULVERT_CNI_PLUGIN",
                Programs.root().resolve("cni-agent/target/culvert-cni").toString());
        settings.put(
                "CULVERT_CNI_BIN_DIR",
                ContainerRuntime.binaryDirectory(directory).toString());
        settings.put(
                "MOUNTED_CNI_NET_DIR", ContainerRuntime.netDirectory(directory).toString());
        settings.put("CULVERT_SERVICE_ACCOUNT_DIR", account.toString());
        settings.put("KUBERNETES_SERVICE_HOST", "127.0.0.1");
        settings.put("KUBERNETES_SERVICE_PORT", "443");
        return settings;
    }

    /** The node's bridge and addresses, as the mesh made them; IPv4 alone. */
    private static String bridge(Path directory, AddressPlan plan) {
        Subnet range = plan.pods("one").v4();
        return """
                {
                  "cniVersion": "1.0.0",
                  "name": "culvert-e2e",
                  "plugins": [
                    {
                      "type": "bridge",
                      "bridge": "cni0",
                      "ipam": {
                        "type": "host-local",
                        "dataDir": "%s",
                        "ranges": [[{"subnet": "%s", "rangeStart": "%s", "rangeEnd": "%s", "gateway": "%s"}]],
                        "routes": [{"dst": "0.0.0.0/0"}]
                      }
                    }
                  ]
                }
                """.formatted(
                        directory.resolve("ipam"),
                        range,
                        range.at(HOST_FIRST).getHostAddress(),
                        range.at(HOST_LAST).getHostAddress(),
                        plan.podGateway("one").v4().getHostAddress());
    }

    private static Path compile(Path directory) throws IOException {
        Path executable = directory.resolve("first");
        List<String> command = List.of(
                "cc",
                "-std=gnu11",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-static",
                "-Os",
                Programs.root().resolve("e2e/src/test/c/first.c").toString(),
                "-o",
                executable.toString());
        try {
            Process compiler =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (compiler.waitFor() != 0) {
                throw new IOException("the pods' program does not compile: " + said);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
        return executable;
    }

    MeshNode node() {
        return mesh.node("one");
    }

    ContainerRuntime runtime() {
        return runtime;
    }

    RuntimeNode awaitReady() {
        node().agent().awaitReady(LIMIT);
        ContainerRuntime _ = runtime.awaitReady();
        return this;
    }

    private void heard(String payload) {
        int at = payload.indexOf(WORDS);
        if (at >= 0) {
            readable.add(payload.substring(at + WORDS.length()).split("[^a-z0-9-]", 2)[0]);
        }
    }

    /** The pods whose words were on a wire of the node, for everybody to read. */
    Set<String> readable() {
        return Set.copyOf(readable);
    }

    /** The addresses that the node's probes reach directly. */
    List<String> probed() throws IOException {
        try (NfTables tables = NfTables.open(node().network().netns())) {
            return tables
                    .dump(new NfTable(NfFamily.INET, "culvert-probes"))
                    .orElseThrow()
                    .elementsOf("istio-inpod-probes-v4")
                    .stream()
                    .map(element -> element.address().getHostAddress())
                    .toList();
        }
    }

    /** Ends of cables in the node's namespace: one for each pod, and the node's own. */
    int cables() throws IOException {
        return node().network()
                .netns()
                .call(() -> Collections.list(NetworkInterface.getNetworkInterfaces())
                        .size());
    }

    /** The API server's part: the pod is bound to the node, and has no address. */
    SandboxName schedule(String namespace, String name) {
        SandboxName pod = new SandboxName(namespace, name, UUID.randomUUID().toString(), 0);
        mesh.kubeApi().put(object(pod));
        return pod;
    }

    private static JsonObject object(SandboxName pod) {
        return JsonParser.parseString("""
                        {"apiVersion": "v1", "kind": "Pod",
                         "metadata": {"namespace": "%s", "name": "%s", "uid": "%s"},
                         "spec": {"nodeName": "one", "serviceAccountName": "%s", "containers": []},
                         "status": {"phase": "Pending"}}
                        """.formatted(pod.namespace(), pod.name(), pod.uid(), pod.name()))
                .getAsJsonObject();
    }

    /**
     * The kubelet's part: a sandbox, then its address for API server and control plane.
     *
     * @throws IOException where the runtime or a CNI plugin refused; the next try has the next attempt's number
     */
    Pod runSandbox(SandboxName pod) throws IOException {
        String sandbox = runtime.client().runSandbox(pod);
        String address = runtime.client().address(sandbox);
        addresses.put(pod.uid(), address);
        boolean _ = mesh.kubeApi().update(KubeKind.POD, pod.namespace(), pod.name(), object -> {
            object.add("status", JsonParser.parseString("""
                    {"phase": "Running", "podIP": "%1$s", "podIPs": [{"ip": "%1$s"}]}
                    """.formatted(address)));
            return object;
        });
        Workload.Builder workload = Workload.newBuilder()
                .setUid(workloadUid(pod))
                .setName(pod.name())
                .setNamespace(pod.namespace())
                .setServiceAccount(pod.name())
                .setNode("one")
                .setClusterId(mesh.spec().clusterId())
                .addAddresses(ByteString.copyFrom(InetAddress.ofLiteral(address).getAddress()));
        if (isAnnotated(pod)) {
            workload.setTunnelProtocol(TunnelProtocol.HBONE);
        }
        mesh.controlPlane()
                .edit(edit ->
                        edit.put(Address.newBuilder().setWorkload(workload).build()));
        mesh.awaitPushed();
        Path log = directory.resolve("logs").resolve(pod.uid() + ".log");
        Files.createDirectories(log.getParent());
        return new Pod(pod, sandbox, address, log);
    }

    private String workloadUid(SandboxName pod) {
        return mesh.spec().clusterId() + "//Pod/" + pod.namespace() + "/" + pod.name();
    }

    /** As {@link #runSandbox}, again and again, as a kubelet does. */
    Pod runSandboxWithRetries(SandboxName pod) {
        SandboxName[] next = {pod};
        String[] last = {""};
        return Await.until(
                "a sandbox for " + pod,
                LIMIT,
                () -> {
                    try {
                        return Optional.of(runSandbox(next[0]));
                    } catch (IOException refused) {
                        last[0] = String.valueOf(refused.getMessage());
                        next[0] = next[0].again();
                        return Optional.empty();
                    }
                },
                () -> last[0]);
    }

    boolean isAnnotated(SandboxName pod) {
        return mesh.kubeApi()
                .get(KubeKind.POD, pod.namespace(), pod.name())
                .map(object -> object.getAsJsonObject("metadata").getAsJsonObject("annotations"))
                .filter(annotations -> annotations.has("ambient.istio.io/redirection"))
                .map(annotations ->
                        annotations.get("ambient.istio.io/redirection").getAsString())
                .filter("enabled"::equals)
                .isPresent();
    }

    /** Starts the pod's first process. */
    void start(Pod pod, List<String> command) throws IOException {
        runtime.client().start(pod.sandbox(), pod.name(), ContainerRuntime.IMAGE, command, pod.log());
    }

    /** A process that talks to another pod at once. */
    void startTalking(Pod pod, Pod to, int port) throws IOException {
        start(
                pod,
                List.of(
                        "/first",
                        "talk",
                        to.address(),
                        Integer.toString(port),
                        WORDS + pod.name().name()));
    }

    void awaitSaid(Pod pod, String word) {
        Await.untilTrue(
                pod.name().name() + " says " + word,
                LIMIT,
                () -> said(pod).contains(word),
                () -> said(pod) + node().proxy().log().tail(10));
    }

    private static String said(Pod pod) {
        try {
            return Files.exists(pod.log()) ? Files.readString(pod.log()) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The pod's deletion: containers and sandbox first, the object when they are gone. */
    void remove(Pod pod) throws IOException {
        runtime.client().remove(pod.sandbox());
        mesh.kubeApi().remove(KubeKind.POD, pod.name().namespace(), pod.name().name());
        mesh.controlPlane().edit(edit -> edit.remove(ResourceType.ADDRESS, workloadUid(pod.name())));
    }

    /** Ends the agent, which leaves everything in place, and runs it again to take everything back. */
    void uninstall() throws IOException {
        node().agent().stop(LIMIT);
        Program agent = node().agent().program();
        List<String> command = new ArrayList<>(agent.command());
        command.add("uninstall");
        Program uninstall = new Program(
                "uninstall",
                command,
                agent.environment(),
                agent.workingDirectory(),
                directory.resolve("uninstall.log"));
        try (Child child = Spawner.start(uninstall, node().network().netns())) {
            if (!child.awaitExit(LIMIT) || child.exitStatus() != 0) {
                throw new IOException(child.log().tail(20));
            }
        }
    }

    @Override
    public void close() {
        tap.close();
        runtime.close();
        mesh.close();
    }
}
