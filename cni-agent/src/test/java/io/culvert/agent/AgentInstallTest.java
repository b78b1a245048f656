package io.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.agent.kernel.Kernel;
import io.culvert.agent.kube.DaemonSetFate;
import io.culvert.agent.kube.KubeJson;
import io.culvert.testkit.kube.KubeApi;
import io.culvert.testkit.kube.KubeKind;
import io.culvert.testkit.listen.Listening;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent as a process on a node that it installs the plugin on. */
@Tag("netns")
final class AgentInstallTest {
    private static final String PRIMARY = """
            {"name":"net","cniVersion":"1.0.0","plugins":[{"type":"bridge"}]}""";

    /** A file system of a few pages for the agent alone; then it becomes the agent. */
    private static final String ON_A_SMALL_NODE = """
            set -eu
            mount -t tmpfs -o size=64k tmpfs "$NODE"
            mkdir "$NODE/net.d" "$NODE/bin"
            printf '%s' "$PRIMARY" > "$NODE/net.d/10-net.conflist"
            eval "$PREPARE"
            exec "$@"
            """;

    @TempDir
    private Path directory;

    private Path node;
    private KubeApi api;
    private final List<AgentProcess> agents = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        Kernel.requireNamespaces();
        api = KubeApi.start(Listening.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        node = Files.createDirectory(directory.resolve("node"));
        Path account = Files.createDirectory(directory.resolve("account"));
        Files.writeString(account.resolve("token"), "token-1");
        Files.writeString(account.resolve("ca.crt"), "CA");
        Path plugin = Files.writeString(directory.resolve("plugin"), "#!plugin");
        Files.setPosixFilePermissions(plugin, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void stop() {
        agents.forEach(AgentProcess::close);
        api.close();
    }

    @Test
    void staysInstalledWhileItsDaemonSetIsThereAndGoesWithIt() throws IOException {
        api.put(daemonSet(""));
        startOnNode();
        agent().awaitReady();
        assertThat(agent().metrics())
                .contains("istio_cni_install_ready 1.0", "istio_cni_installs_total{result=\"SUCCESS\"} 1.0");
        staysInstalled("the DaemonSet istio-system/istio-cni-node is there");

        startOnNode();
        agent().awaitReady();
        api.put(daemonSet(",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\""));
        isUninstalled("is being deleted");

        startOnNode();
        agent().awaitReady();
        api.remove(KubeKind.DAEMON_SET, "istio-system", DaemonSetFate.NAME);
        isUninstalled("there is no DaemonSet istio-system/istio-cni-node any more");
    }

    @Test
    void takesAnApiServerThatIsAwayForNoUninstall() throws IOException {
        startOnNode();
        agent().awaitReady();
        api.close();
        staysInstalled("the API server cannot be asked");
    }

    @Test
    void uninstallsWhenItIsToldTo() throws IOException {
        api.put(daemonSet(""));
        startOnNode();
        agent().awaitReady();
        AgentProcess tooEarly = uninstall();
        assertThat(tooEarly.awaitExit()).isEqualTo(1);
        assertThat(tooEarly.log()).anySatisfy(line -> assertThat(line).contains("stop it first"));
        assertThat(primary()).contains("istio-cni");

        staysInstalled("the DaemonSet istio-system/istio-cni-node is there");
        AgentProcess told = uninstall();
        assertThat(told.awaitExit()).as(() -> told.log().toString()).isZero();
        assertNothingIsLeft();
    }

    private AgentProcess agent() {
        return agents.getLast();
    }

    private void staysInstalled(String reason) throws IOException {
        assertThat(agent().terminate()).isZero();
        assertThat(agent().log()).anySatisfy(line -> assertThat(line).contains("stays installed", reason));
        assertThat(primary()).contains("\"bridge\"", "istio-cni");
        assertThat(node.resolve("bin/istio-cni")).exists();
        assertThat(directory.resolve("istio-cni-kubeconfig")).exists();
    }

    private void isUninstalled(String reason) throws IOException {
        assertThat(agent().terminate()).isZero();
        assertThat(agent().log()).anySatisfy(line -> assertThat(line).contains("uninstalling", reason));
        assertNothingIsLeft();
    }

    private void assertNothingIsLeft() throws IOException {
        assertThat(primary()).contains("\"bridge\"").doesNotContain("istio-cni");
        assertThat(node.resolve("bin/istio-cni")).doesNotExist();
        assertThat(directory.resolve("istio-cni-kubeconfig")).doesNotExist();
    }

    @Test
    void saysThatTheDiskIsFullAndGoesOnWhenThereIsRoom() throws IOException {
        startOnSmallNode("head -c 1M /dev/zero > $NODE/fill 2>/dev/null || true");
        awaitLog("copying the CNI plugin", "No space left on device", "free some space");
        assertThat(agent().metrics()).contains("COPY_BINARIES_FAILURE");
        assertThat(Files.readString(mounted("net.d/10-net.conflist"))).isEqualTo(PRIMARY);
        Files.delete(mounted("fill"));
        agent().awaitReady();
        assertThat(Files.readString(mounted("net.d/10-net.conflist"))).contains("istio-cni");
    }

    @Test
    void saysThatTheNodesFilesAreReadOnlyAndGoesOnWhenTheyAreNot() throws Exception {
        startOnSmallNode("mount -o remount,ro $NODE");
        awaitLog("copying the CNI plugin", "Read-only file system", "cniBinDir");
        String pid = Long.toString(agent().pid());
        Process remount = new ProcessBuilder("nsenter", "-t", pid, "-m", "mount", "-o", "remount,rw", node.toString())
                .inheritIO()
                .start();
        assertThat(remount.waitFor()).isZero();
        agent().awaitReady();
        assertThat(Files.readString(mounted("net.d/10-net.conflist"))).contains("istio-cni");
    }

    private void awaitLog(String... words) {
        Kernel.await("a line with " + List.of(words))
                .until(() -> agent().log().stream()
                        .anyMatch(line -> List.of(words).stream().allMatch(line::contains)));
    }

    /** A file of the agent's own mount namespace. */
    private Path mounted(String name) {
        return Path.of("/proc/" + agent().pid() + "/root" + node, name);
    }

    private String primary() throws IOException {
        return Files.readString(node.resolve("net.d/10-net.conflist"));
    }

    private void startOnNode() throws IOException {
        if (agents.isEmpty()) {
            Files.createDirectory(node.resolve("net.d"));
            Files.createDirectory(node.resolve("bin"));
            Files.writeString(node.resolve("net.d/10-net.conflist"), PRIMARY);
        } else {
            agent().close();
        }
        agents.add(AgentProcess.start(directory, api, settings()));
    }

    private AgentProcess uninstall() throws IOException {
        Path elsewhere = Files.createDirectories(directory.resolve("uninstall"));
        Map<String, String> settings = settings();
        settings.put("CNI_AGENT_RUN_DIR", directory.toString());
        AgentProcess uninstall = AgentProcess.start(elsewhere, api, settings, List.of(), List.of("uninstall"));
        agents.addFirst(uninstall);
        return uninstall;
    }

    private void startOnSmallNode(String prepare) throws IOException {
        Map<String, String> settings = settings();
        settings.put("NODE", node.toString());
        settings.put("PRIMARY", PRIMARY);
        settings.put("PREPARE", prepare);
        agents.add(AgentProcess.start(
                directory,
                api,
                settings,
                List.of("unshare", "--mount", "bash", "-c", ON_A_SMALL_NODE, "small-node"),
                List.of()));
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>();
        settings.put("NODE_NAME", KubeJson.NODE);
        settings.put("POD_NAMESPACE", "istio-system");
        settings.put("AMBIENT_ENABLED", "true");
        settings.put("CULVERT_CNI_INSTALL", "true");
        settings.put("CULVERT_CNI_PLUGIN", directory.resolve("plugin").toString());
        settings.put("CULVERT_CNI_BIN_DIR", node.resolve("bin").toString());
        settings.put("MOUNTED_CNI_NET_DIR", node.resolve("net.d").toString());
        settings.put("CULVERT_SERVICE_ACCOUNT_DIR", directory.resolve("account").toString());
        settings.put("KUBERNETES_SERVICE_HOST", "127.0.0.1");
        settings.put("KUBERNETES_SERVICE_PORT", "443");
        return settings;
    }

    private static JsonObject daemonSet(String metadata) {
        return JsonParser.parseString("{\"apiVersion\":\"apps/v1\",\"kind\":\"DaemonSet\",\"metadata\":{"
                        + "\"namespace\":\"istio-system\",\"name\":\"" + DaemonSetFate.NAME + "\"" + metadata
                        + "},\"spec\":{}}")
                .getAsJsonObject();
    }
}
