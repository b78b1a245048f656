package io.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import io.culvert.agent.kernel.Kernel;
import io.culvert.agent.pod.ClusterListener;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodRef;
import io.culvert.agent.pod.Pods;
import io.culvert.agent.pod.Redirection;
import io.culvert.testkit.kube.KubeApi;
import io.culvert.testkit.kube.KubeKind;
import io.culvert.testkit.listen.Listening;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The client library against an API server that runs. */
@Tag("direct")
final class KubeClusterTest implements ClusterListener {
    private static final String RUNNING =
            "\"phase\":\"Running\",\"podIP\":\"10.0.0.1\",\"podIPs\":[{\"ip\":\"10.0.0.1\"}," + "{\"ip\":\"fd00::1\"}]";
    private static final PodRef CART = new PodRef("shop", "cart");

    private final List<String> heard = new CopyOnWriteArrayList<>();
    private KubeApi api;
    private KubeCluster cluster;

    @BeforeEach
    void start() throws IOException {
        api = KubeApi.start(Listening.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        api.put(KubeJson.namespace("shop", "\"istio.io/dataplane-mode\":\"ambient\""));
        api.put(KubeJson.pod("shop", "cart", "uid-1", RUNNING));
        JsonObject elsewhere = KubeJson.pod("shop", "far", "uid-2", RUNNING);
        elsewhere.getAsJsonObject("spec").addProperty("nodeName", "node-2");
        api.put(elsewhere);
        Config config =
                new ConfigBuilder(Config.empty()).withMasterUrl(api.url()).build();
        cluster = KubeCluster.connect(config, KubeJson.NODE);
        cluster.watch(this).join();
    }

    @AfterEach
    void stop() {
        cluster.close();
        api.close();
    }

    @Test
    void knowsThePodsOfThisNodeOnly() {
        assertThat(cluster.pods()).extracting(PodFacts::ref).containsExactly(CART);
        PodFacts pod = cluster.findPod(CART).orElseThrow();
        assertThat(pod.uid()).hasToString("uid-1");
        assertThat(pod.serviceAccount()).isEqualTo("account");
        assertThat(pod.ips()).containsExactly(InetAddress.ofLiteral("10.0.0.1"), InetAddress.ofLiteral("fd00::1"));
        assertThat(cluster.findNamespace("shop").orElseThrow()).containsKey("istio.io/dataplane-mode");
        assertThat(cluster.findNamespace("unknown")).isEmpty();
    }

    @Test
    void asksTheServerForWhatTheCacheDoesNotKnow() throws IOException {
        assertThat(cluster.fetchPod(CART)).isPresent();
        assertThat(cluster.fetchPod(new PodRef("shop", "far")))
                .as("of another node")
                .isEmpty();
        assertThat(cluster.fetchPod(new PodRef("shop", "none"))).isEmpty();
        assertThat(cluster.fetchNamespace("shop")).isPresent();
        assertThat(cluster.fetchNamespace("none")).isEmpty();
    }

    @Test
    void tellsOfEveryChange() {
        awaitHeard("changed shop/cart uid-1 ABSENT");
        api.update(KubeKind.NAMESPACE, "", "shop", namespace -> {
            namespace.getAsJsonObject("metadata").add("labels", new JsonObject());
            return namespace;
        });
        awaitHeard("namespace shop");
        api.put(KubeJson.pod("shop", "cart", "uid-9", RUNNING));
        awaitHeard("deleted shop/cart uid-1");
        awaitHeard("changed shop/cart uid-9 ABSENT");
        api.remove(KubeKind.POD, "shop", "cart");
        awaitHeard("deleted shop/cart uid-9");
    }

    @Test
    void annotatesByAMergePatchOfTheStatusAndHearsOfIt() throws IOException {
        PodFacts pod = cluster.findPod(CART).orElseThrow();
        cluster.annotate(pod, Redirection.PENDING);
        awaitHeard("changed shop/cart uid-1 PENDING");
        cluster.annotate(pod, Redirection.ENABLED);
        awaitHeard("changed shop/cart uid-1 ENABLED");
        heard.clear();
        cluster.annotate(pod, Redirection.ABSENT);
        awaitHeard("changed shop/cart uid-1 ABSENT");

        assertThat(api.requests())
                .filteredOn(request -> request.method().equals("PATCH"))
                .hasSize(3)
                .allSatisfy(request -> assertThat(request.uri()).startsWith("/api/v1/namespaces/shop/pods/cart/status"))
                .first()
                .satisfies(request -> assertThat(request.body())
                        .isEqualTo("{\"metadata\":{\"annotations\":{\"ambient.istio.io/redirection\":\"pending\"}}}"));
    }

    @Test
    void countsAPodThatIsGoneAsAnnotated() throws IOException {
        cluster.annotate(Pods.pod("shop", "gone", "uid-7"), Redirection.ABSENT);
    }

    @Test
    void goesOnAfterTheServerEndedItsWatches() {
        api.compact();
        api.closeWatches();
        api.put(KubeJson.pod("shop", "new", "uid-3", RUNNING));
        awaitHeard("changed shop/new uid-3 ABSENT");
    }

    @Test
    void failsClearlyWhileTheServerIsAway() {
        api.close();
        assertThat(cluster.findPod(CART)).as("the cache stays").isPresent();
        assertThatThrownBy(() -> cluster.fetchPod(new PodRef("shop", "other")))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("reading pod shop/other: ");
    }

    @Test
    void skipsObjectsThatLackWhatEveryPodHas() {
        api.put(KubeJson.pod("shop", "odd", "not a uid!", RUNNING));
        api.put(KubeJson.pod("shop", "bad", "uid-4", "\"podIP\":\"example.com\""));
        api.put(KubeJson.pod("shop", "good", "uid-5", RUNNING));
        awaitHeard("changed shop/good uid-5 ABSENT");
        assertThat(cluster.pods()).extracting(pod -> pod.ref().name()).containsExactlyInAnyOrder("cart", "good");
    }

    private void awaitHeard(String what) {
        Kernel.await(what).until(() -> heard.contains(what));
    }

    @Override
    public void podChanged(PodFacts pod) {
        heard.add("changed " + pod.ref() + " " + pod.uid() + " " + pod.redirection());
    }

    @Override
    public void podDeleted(PodFacts lastSeen) {
        heard.add("deleted " + lastSeen.ref() + " " + lastSeen.uid());
    }

    @Override
    public void namespaceChanged(String name) {
        heard.add("namespace " + name);
    }
}
