package io.culvert.testkit.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PodSpec;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stand-in as the agent's client library sees it. */
@Tag("direct")
class KubeApiTest {
    private static final int LIMIT_SECONDS = 20;
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
    private static final MeshSpec MESH = MeshSpec.mesh("m")
            .namespace("default", n -> n.mesh(true))
            .node("node-a", n -> n.pod("one", p -> p.label("app", "one")).pod("two", p -> {}))
            .node("node-b", n -> n.pod("far", p -> {}))
            .build();

    @TempDir
    Path directory;

    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private KubeApi api;
    private KubernetesClient client;

    @BeforeEach
    void start() throws Exception {
        api = KubeApi.start(Listening.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        api.putAll(KubeObjects.of(MESH, AddressPlan.of(MESH, 0)));
        Path kubeconfig = directory.resolve("kubeconfig");
        api.writeKubeconfig(kubeconfig);
        client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig.toFile()))
                .build();
    }

    @AfterEach
    void stop() {
        client.close();
        api.close();
    }

    @Test
    void informerSeesThePodsOfItsNodeAndTheirChanges() throws Exception {
        try (SharedIndexInformer<Pod> informer = podsOf("node-a")) {
            assertThat(List.of(next(), next())).containsExactlyInAnyOrder("added one", "added two");
            Pod one = informer.getIndexer().getByKey("default/one");
            assertThat(one.getStatus().getPodIPs()).hasSize(2);
            assertThat(one.getMetadata().getUid()).isEqualTo(pod("one").uid());

            assertThat(api.update(KubeKind.POD, "default", "one", object -> {
                        Json.child(Json.child(object, "metadata"), "labels").addProperty("app", "changed");
                        return object;
                    }))
                    .isTrue();
            assertThat(next()).isEqualTo("updated one");
            api.remove(KubeKind.POD, "default", "two");
            assertThat(next()).isEqualTo("deleted two");
            api.put(KubeObjects.pod("node-b", pod("two"), List.of()));
            api.put(KubeObjects.pod("node-a", pod("two"), List.of()));
            assertThat(next()).as("the pod of the other node was not seen").isEqualTo("added two");
        }
    }

    @Test
    void informerComesBackAfterItsWatchEnds() throws Exception {
        try (SharedIndexInformer<Pod> informer = podsOf("node-a")) {
            assertThat(List.of(next(), next())).hasSize(2);
            api.closeWatches();
            api.remove(KubeKind.POD, "default", "two");
            assertThat(next()).isEqualTo("deleted two");
            assertThat(informer.isRunning()).isTrue();
        }
    }

    @Test
    void informerListsAnewWhenThePastIsForgotten() throws Exception {
        try (SharedIndexInformer<Pod> informer = podsOf("node-a")) {
            assertThat(List.of(next(), next())).hasSize(2);
            api.closeWatches();
            api.remove(KubeKind.POD, "default", "two");
            api.compact();
            assertThat(next()).isEqualTo("deleted two");
            assertThat(informer.getStore().listKeys()).containsExactly("default/one");
        }
    }

    @Test
    void namespaceInformerSeesLabels() throws Exception {
        try (SharedIndexInformer<Namespace> informer = client.namespaces().inform(recording())) {
            assertThat(List.of(next(), next())).containsExactlyInAnyOrder("added default", "added istio-system");
            assertThat(informer.getIndexer().getByKey("default").getMetadata().getLabels())
                    .containsEntry("istio.io/dataplane-mode", "ambient");
        }
    }

    @Test
    void statusPatchChangesAnnotationsAndWatchersHearOfIt() throws Exception {
        try (SharedIndexInformer<Pod> informer = podsOf("node-a")) {
            assertThat(List.of(next(), next())).hasSize(2);
            patchStatus("one", "{\"metadata\":{\"annotations\":{\"ambient.istio.io/redirection\":\"enabled\"}}}");
            assertThat(next()).isEqualTo("updated one");
            assertThat(informer.getIndexer()
                            .getByKey("default/one")
                            .getMetadata()
                            .getAnnotations())
                    .containsEntry("ambient.istio.io/redirection", "enabled");
            patchStatus("one", "{\"metadata\":{\"annotations\":{\"ambient.istio.io/redirection\":null}}}");
            assertThat(next()).isEqualTo("updated one");
            assertThat(informer.getIndexer()
                            .getByKey("default/one")
                            .getMetadata()
                            .getAnnotations())
                    .isEmpty();
        }
    }

    @Test
    void statusPatchLeavesTheSpecAlone() {
        patchStatus("one", "{\"spec\":{\"nodeName\":\"elsewhere\"}}");
        assertThat(client.pods()
                        .inNamespace("default")
                        .withName("one")
                        .get()
                        .getSpec()
                        .getNodeName())
                .isEqualTo("node-a");
    }

    @Test
    void statusPatchOfPodThatIsGoneIsNotFound() {
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() -> patchStatus("gone", "{\"metadata\":{\"annotations\":{\"a\":null}}}"))
                .satisfies(e -> assertThat(e.getCode()).isEqualTo(404));
    }

    @Test
    void testsCanWaitForWhatTheAgentWrites() throws Exception {
        var enabled = api.when(
                KubeKind.POD,
                "default",
                "one",
                object -> Json.text(object, "metadata", "annotations", "x").equals("y"));
        assertThat(enabled).isNotDone();
        patchStatus("one", "{\"metadata\":{\"annotations\":{\"x\":\"y\"}}}");
        assertThat(enabled.get(LIMIT_SECONDS, TimeUnit.SECONDS)).isNotNull();
        assertThat(api.requests())
                .anyMatch(request -> request.method().equals("PATCH")
                        && request.uri().startsWith("/api/v1/namespaces/default/pods/one/status"));
    }

    @Test
    void eventsAreStored() {
        Event event = new EventBuilder()
                .withNewMetadata()
                .withGenerateName("culvert-")
                .withNamespace("default")
                .endMetadata()
                .withReason("EnrolFailed")
                .withMessage("no such namespace")
                .build();
        Event made = client.v1().events().inNamespace("default").resource(event).create();
        assertThat(made.getMetadata().getName()).startsWith("culvert-");
        assertThat(api.all(KubeKind.EVENT)).hasSize(1);
        assertThat(client.v1().events().inNamespace("default").list().getItems())
                .extracting(Event::getReason)
                .containsExactly("EnrolFailed");
    }

    @Test
    void daemonSetAndNodesCanBeRead() {
        assertThat(client.apps()
                        .daemonSets()
                        .inNamespace("istio-system")
                        .withName("istio-cni-node")
                        .get())
                .isNotNull();
        assertThat(client.apps()
                        .daemonSets()
                        .inNamespace("istio-system")
                        .withName("other")
                        .get())
                .isNull();
        assertThat(client.nodes().list().getItems()).hasSize(2);
    }

    @Test
    void labelSelectorFiltersLists() {
        assertThat(client.pods().inAnyNamespace().withLabel("app", "one").list().getItems())
                .extracting(pod -> pod.getMetadata().getName())
                .containsExactly("one");
        assertThat(client.pods().inAnyNamespace().withLabel("app").list().getItems())
                .hasSize(1);
        assertThat(client.pods().inAnyNamespace().withoutLabel("app").list().getItems())
                .hasSize(2);
    }

    private void patchStatus(String name, String patch) {
        var _ = client.pods()
                .inNamespace("default")
                .withName(name)
                .subresource("status")
                .patch(MERGE, patch);
    }

    private SharedIndexInformer<Pod> podsOf(String node) {
        return client.pods().inAnyNamespace().withField("spec.nodeName", node).inform(recordingPods());
    }

    private ResourceEventHandler<Pod> recordingPods() {
        return new Recording<>();
    }

    private ResourceEventHandler<Namespace> recording() {
        return new Recording<>();
    }

    private String next() throws InterruptedException {
        String event = seen.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        assertThat(event)
                .as("an event within %s s; requests: %s", LIMIT_SECONDS, api.requests())
                .isNotNull();
        return event;
    }

    private static PodSpec pod(String name) {
        return MESH.pod("default", name).orElseThrow();
    }

    private final class Recording<T extends io.fabric8.kubernetes.api.model.HasMetadata>
            implements ResourceEventHandler<T> {
        @Override
        public void onAdd(T object) {
            seen.add("added " + object.getMetadata().getName());
        }

        @Override
        public void onUpdate(T before, T after) {
            if (!before.getMetadata()
                    .getResourceVersion()
                    .equals(after.getMetadata().getResourceVersion())) {
                seen.add("updated " + after.getMetadata().getName());
            }
        }

        @Override
        public void onDelete(T object, boolean unknown) {
            seen.add("deleted " + object.getMetadata().getName());
        }
    }
}
