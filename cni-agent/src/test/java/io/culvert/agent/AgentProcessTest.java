package io.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.agent.cni.Plugin;
import io.culvert.agent.kernel.Kernel;
import io.culvert.agent.kernel.TwoNamespaces;
import io.culvert.agent.kube.KubeJson;
import io.culvert.agent.zds.ProxyDouble;
import io.culvert.linux.Netns;
import io.culvert.linux.nftables.NfFamily;
import io.culvert.linux.nftables.NfTable;
import io.culvert.linux.nftables.NfTables;
import io.culvert.proto.zds.WorkloadRequest;
import io.culvert.testkit.kube.KubeApi;
import io.culvert.testkit.kube.KubeKind;
import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.PodCgroup;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent as a process, with a real plugin, a real API server, real namespaces, and a proxy that only speaks ZDS. */
@Tag("netns")
final class AgentProcessTest {
    private static final String UID = "2c48913c-b29f-11e7-9350-020968147796";
    private static final String AMBIENT = "\"istio.io/dataplane-mode\":\"ambient\"";
    private static final String RUNNING =
            "\"phase\":\"Running\",\"podIP\":\"10.99.0.2\",\"podIPs\":[{\"ip\":\"10.99.0.2\"}]";

    @TempDir
    private Path directory;

    private final List<AutoCloseable> open = new ArrayList<>();
    private KubeApi api;
    private TwoNamespaces both;

    @BeforeEach
    void start() throws IOException {
        Kernel.requireNamespaces();
        api = keep(KubeApi.start(Listening.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))));
        both = keep(TwoNamespaces.create());
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable resource : open.reversed()) {
            resource.close();
        }
    }

    @Test
    void enrolsByThePluginAndKeepsThePodAcrossKill9() throws Exception {
        AgentProcess agent = enrolledByThePlugin();
        assertThat(agent.pods()).contains("\"state\": \"ENROLLED\"");
        assertThat(agent.metrics())
                .contains("ztunnel_connected 1.0", "istio_cni_plugin_requests_total{response_code=\"200\"} 1.0")
                .contains(
                        "culvert_agent_pods{state=\"enrolled\"} 1.0", "nodeagent_reconcile_events_total{type=\"add\"}");
        assertThat(agent.healthz()).isEqualTo(200);

        agent.kill();
        assertThat(isRedirected()).as("the pod stays as it was").isTrue();
        assertThat(add().output()).contains("\"code\":11");

        // No process of the pod is to be found, so that the proxy is told to keep what it has.
        AgentProcess next = startAgent().awaitReady();
        List<WorkloadRequest> snapshot = connectProxy().takeSnapshot();
        assertThat(snapshot).singleElement().matches(WorkloadRequest::hasKeep);
        assertThat(next.terminate()).isZero();
        assertThat(directory.resolve("pluginevent.sock")).doesNotExist();
        assertThat(directory.resolve("ztunnel.sock")).doesNotExist();
    }

    @Test
    void findsThePodAgainByProcAfterKill9() throws Exception {
        assumeTrue(PodCgroup.available(), "not run: no cgroup hierarchy is mounted and writable here");
        enrolledByThePlugin().kill();
        showPodInProc();

        AgentProcess next = startAgent().awaitReady();
        ProxyDouble again = connectProxy();
        assertThat(again.takeSnapshot()).singleElement().matches(WorkloadRequest::hasAdd);

        CompletableFuture<WorkloadRequest> removed = takeOne(again);
        api.put(KubeJson.namespace("shop", ""));
        assertThat(removed.join().getDel().getUid()).isEqualTo(UID);
        Kernel.await("annotation gone")
                .until(() -> KubeJson.annotation(api, "shop", "cart").isEmpty());
        assertThat(isRedirected()).isFalse();
        assertThat(next.terminate()).isZero();
    }

    /** A running pod of the mesh, by the plugin and a proxy that is gone again. */
    private AgentProcess enrolledByThePlugin() throws Exception {
        api.put(KubeJson.namespace("shop", AMBIENT));
        api.put(KubeJson.pod("shop", "cart", UID, "\"phase\":\"Pending\""));
        AgentProcess agent = startAgent().awaitReady();
        ProxyDouble proxy = connectProxy();
        assertThat(proxy.takeSnapshot()).isEmpty();

        CompletableFuture<WorkloadRequest> added = takeOne(proxy);
        Plugin.Outcome outcome = add();

        assertThat(outcome.status()).as(outcome.output()).isZero();
        assertThat(added.join().getAdd().getWorkloadInfo().getServiceAccount()).isEqualTo("account");
        assertThat(isRedirected()).isTrue();
        assertThat(KubeJson.annotation(api, "shop", "cart")).isEqualTo("enabled");
        api.update(KubeKind.POD, "shop", "cart", pod -> withStatus(pod, RUNNING));
        return agent;
    }

    @Test
    void failsThePodWithoutProxyAndCompletesItWhenOneComes() throws Exception {
        api.put(KubeJson.namespace("shop", AMBIENT));
        api.put(KubeJson.pod("shop", "cart", UID, "\"phase\":\"Pending\""));
        startAgent().awaitReady();

        Plugin.Outcome outcome = add();
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.output()).contains("no node proxy is connected");
        assertThat(KubeJson.annotation(api, "shop", "cart")).isEqualTo("pending");

        api.update(KubeKind.POD, "shop", "cart", pod -> withStatus(pod, RUNNING));
        ProxyDouble proxy = connectProxy();
        CompletableFuture<Void> served = CompletableFuture.runAsync(() -> serve(proxy));
        Kernel.await("enabled")
                .until(() -> KubeJson.annotation(api, "shop", "cart").equals("enabled"));
        proxy.close();
        served.join();
    }

    @Test
    void leavesPodsOutsideTheMeshAlone() throws Exception {
        api.put(KubeJson.namespace("shop", ""));
        api.put(KubeJson.pod("shop", "cart", UID, "\"phase\":\"Pending\""));
        startAgent().awaitReady();

        assertThat(add().status()).isZero();
        assertThat(isRedirected()).isFalse();
        assertThat(KubeJson.annotation(api, "shop", "cart")).isEmpty();
    }

    @Test
    void refusesTheNodesOwnNamespaceAndWhatIsNone() throws Exception {
        api.put(KubeJson.namespace("shop", AMBIENT));
        api.put(KubeJson.pod("shop", "cart", UID, "\"phase\":\"Pending\""));
        startAgent().awaitReady();

        assertThat(add("/proc/" + ProcessHandle.current().pid() + "/ns/net").output())
                .contains("own network namespace");
        assertThat(add("/dev/null").output()).contains("network namespace");
        assertThat(add("/run/netns/cvt-none").output()).contains("ENOENT");
        assertThat(add("/proc/../proc/1/ns/net").output()).contains("not a plain absolute path");
        assertThat(KubeJson.annotation(api, "shop", "cart")).isEmpty();
    }

    @Test
    void isNotReadyBeforeItKnowsTheCluster() throws Exception {
        KubeApi away = KubeApi.start(Listening.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        away.close();
        AgentProcess agent = keep(AgentProcess.start(directory, away, settings()));
        Kernel.await("listening").until(() -> agent.readyStatus() != 0);

        assertThat(agent.readyStatus()).isEqualTo(503);
        assertThat(add().output()).contains("\"code\":11");
        assertThat(agent.terminate()).isZero();
    }

    @Test
    void saysWhichSettingCannotBeUsed() throws Exception {
        Map<String, String> settings = settings();
        settings.put("AMBIENT_IPV6", "ture");
        AgentProcess agent = keep(AgentProcess.start(directory, api, settings));

        assertThat(agent.awaitExit()).isEqualTo(1);
        assertThat(agent.log()).last().asString().contains("AMBIENT_IPV6=\"ture\": write true or false");
    }

    private AgentProcess startAgent() throws IOException {
        return keep(AgentProcess.start(directory, api, settings()));
    }

    private static Map<String, String> settings() {
        return new HashMap<>(Map.of(
                "NODE_NAME", KubeJson.NODE,
                "AMBIENT_ENABLED", "true",
                "AMBIENT_IPV6", "true",
                "AMBIENT_RECONCILE_POD_RULES_ON_STARTUP", "true",
                "AMBIENT_ENABLEMENT_SELECTOR",
                        "[{namespaceSelector: {matchLabels: {istio.io/dataplane-mode: ambient}}}]"));
    }

    private ProxyDouble connectProxy() throws IOException {
        Path socket = directory.resolve("ztunnel.sock");
        return keep(ProxyDouble.connect(socket));
    }

    private static CompletableFuture<WorkloadRequest> takeOne(ProxyDouble proxy) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return proxy.take();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Accepts everything until the connection ends. */
    private static void serve(ProxyDouble proxy) {
        try {
            while (true) {
                proxy.take();
            }
        } catch (IOException | AssertionError e) {
            assertThat(e).isNotNull();
        }
    }

    private Plugin.Outcome add() throws Exception {
        return add("/proc/" + ProcessHandle.current().pid() + "/fd/"
                + both.pod().fd().number());
    }

    private Plugin.Outcome add(String netns) throws Exception {
        return Plugin.add("shop", "cart", netns)
                .run("{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"cni_agent_run_dir\":\"" + directory
                        + "\",\"prevResult\":{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.99.0.2/24\"}]}}");
    }

    private static JsonObject withStatus(JsonObject pod, String status) {
        pod.add("status", JsonParser.parseString("{" + status + "}"));
        return pod;
    }

    private boolean isRedirected() throws IOException {
        try (NfTables tables = NfTables.open(both.pod())) {
            return tables.tables(NfFamily.INET).contains(new NfTable(NfFamily.INET, "culvert-ambient"));
        }
    }

    /** A process of the pod, in its namespace and a cgroup as the kubelet makes them. */
    private void showPodInProc() throws IOException {
        String prefix = directory.getFileName() + "-cvt";
        PodCgroup cgroup = keep(PodCgroup.create(prefix, UID, "ab".repeat(32)));
        open.add(() -> PodCgroup.sweep(prefix));
        Program pause =
                new Program("pause", List.of("sleep", "300"), Map.of(), directory, directory.resolve("pause.log"));
        Child child = keep(Spawner.start(pause, both.pod()));
        cgroup.add(child.pid());
        Netns pod = both.pod();
        Kernel.await("in its namespace")
                .until(() -> Spawner.namespaceOf(child.pid()).equals(pod.id()));
        assertThat(Files.exists(Path.of("/proc", Long.toString(child.pid())))).isTrue();
    }

    private <T extends AutoCloseable> T keep(T resource) {
        open.add(resource);
        return resource;
    }
}
