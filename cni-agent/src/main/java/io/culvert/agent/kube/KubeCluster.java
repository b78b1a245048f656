package io.culvert.agent.kube;

import io.culvert.agent.pod.Cluster;
import io.culvert.agent.pod.ClusterListener;
import io.culvert.agent.pod.IstioKeys;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodRef;
import io.culvert.agent.pod.Redirection;
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
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster through the Kubernetes client library. Watches the pods of one node and all namespaces; the library lists
 * again and reconnects by itself for as long as it takes.
 */
public final class KubeCluster implements Cluster, AutoCloseable {
    /** A runtime waits while we ask, and gives up after six seconds. */
    private static final int REQUEST_TIMEOUT_MS = 4_000;

    private static final int RETRIES_MAX = 1;

    private static final Logger log = LoggerFactory.getLogger(KubeCluster.class);

    private final KubernetesClient client;
    private final String nodeName;
    private final SharedIndexInformer<Pod> pods;
    private final SharedIndexInformer<Namespace> namespaces;

    private KubeCluster(KubernetesClient client, String nodeName) {
        this.client = client;
        this.nodeName = nodeName;
        this.pods = client.pods()
                .inAnyNamespace()
                .withField("spec.nodeName", nodeName)
                .runnableInformer(0);
        this.namespaces = client.namespaces().runnableInformer(0);
    }

    /**
     * Where the API server is, says {@code KUBECONFIG}, or the service account of the pod that the agent runs in.
     * Connects to nothing yet.
     */
    public static KubeCluster connect(String nodeName) {
        return connect(Config.autoConfigure(null), nodeName);
    }

    static KubeCluster connect(Config config, String nodeName) {
        // Plain streams: the web socket variant gains us nothing, and passes through fewer proxies.
        config.setOnlyHttpWatches(true);
        config.setRequestTimeout(REQUEST_TIMEOUT_MS);
        config.setConnectionTimeout(REQUEST_TIMEOUT_MS);
        config.setRequestRetryBackoffLimit(RETRIES_MAX);
        log.info("the API server is {}", config.getMasterUrl());
        return new KubeCluster(new KubernetesClientBuilder().withConfig(config).build(), nodeName);
    }

    /**
     * Starts watching.
     *
     * @return completes when both caches are whole; while the API server is away it is retried without end
     */
    public CompletableFuture<Void> watch(ClusterListener listener) {
        pods.addEventHandler(new PodEvents(listener));
        namespaces.addEventHandler(new NamespaceEvents(listener));
        pods.exceptionHandler((started, failure) -> keepGoing("pods", failure));
        namespaces.exceptionHandler((started, failure) -> keepGoing("namespaces", failure));
        return CompletableFuture.allOf(
                namespaces.start().toCompletableFuture(), pods.start().toCompletableFuture());
    }

    private static boolean keepGoing(String what, Throwable failure) {
        log.warn("watching {} failed and is tried again: {}", what, failure.toString());
        return true;
    }

    @Override
    public Optional<PodFacts> findPod(PodRef ref) {
        Pod pod = pods.getStore().getByKey(Cache.namespaceKeyFunc(ref.namespace(), ref.name()));
        return pod == null ? Optional.empty() : PodReader.read(pod);
    }

    @Override
    public Optional<Map<String, String>> findNamespace(String name) {
        return Optional.ofNullable(namespaces.getStore().getByKey(name)).map(KubeCluster::labels);
    }

    /**
     * All namespaces by name, with their labels.
     *
     * @return empty where they are not being watched at the moment: then they may have changed
     */
    public Optional<Map<String, Map<String, String>>> watchedNamespaces() {
        if (!namespaces.isWatching() || !namespaces.hasSynced()) {
            return Optional.empty();
        }
        Map<String, Map<String, String>> all = new HashMap<>();
        for (Namespace namespace : namespaces.getStore().list()) {
            all.put(namespace.getMetadata().getName(), labels(namespace));
        }
        return Optional.of(all);
    }

    @Override
    public List<PodFacts> pods() {
        return pods.getStore().list().stream()
                .flatMap(pod -> PodReader.read(pod).stream())
                .toList();
    }

    @Override
    public Optional<PodFacts> fetchPod(PodRef ref) throws IOException {
        try {
            @Nullable
            Pod pod = client.pods()
                    .inNamespace(ref.namespace())
                    .withName(ref.name())
                    .get();
            boolean ours = pod != null && nodeName.equals(pod.getSpec().getNodeName());
            return ours ? PodReader.read(pod) : Optional.empty();
        } catch (KubernetesClientException e) {
            throw refused("reading pod " + ref, e);
        }
    }

    @Override
    public Optional<Map<String, String>> fetchNamespace(String name) throws IOException {
        try {
            return Optional.ofNullable(client.namespaces().withName(name).get()).map(KubeCluster::labels);
        } catch (KubernetesClientException e) {
            throw refused("reading namespace " + name, e);
        }
    }

    /**
     * Asks the API server for all pods of this node; for those who do not watch.
     *
     * @throws IOException where it cannot be asked
     */
    public List<PodFacts> fetchPods() throws IOException {
        try {
            return client.pods().inAnyNamespace().withField("spec.nodeName", nodeName).list().getItems().stream()
                    .flatMap(pod -> PodReader.read(pod).stream())
                    .toList();
        } catch (KubernetesClientException e) {
            throw refused("listing the pods of node " + nodeName, e);
        }
    }

    /** Whether this agent, whose DaemonSet is in this namespace and which was told to end, is being uninstalled. */
    public DaemonSetFate.Answer fate(String namespace) {
        return DaemonSetFate.ask(client, namespace, nodeName);
    }

    /**
     * A merge patch of the status subresource, which needs less privilege than the pod itself
     * [cni/pkg/util/podutil.go].
     */
    @Override
    public void annotate(PodFacts pod, Redirection redirection) throws IOException {
        String value = switch (redirection) {
            case ABSENT -> "null";
            case PENDING -> "\"pending\"";
            case ENABLED -> "\"enabled\"";
        };
        String patch = "{\"metadata\":{\"annotations\":{\"" + IstioKeys.REDIRECTION + "\":" + value + "}}}";
        try {
            client.pods()
                    .inNamespace(pod.ref().namespace())
                    .withName(pod.ref().name())
                    .subresource("status")
                    .patch(PatchContext.of(PatchType.JSON_MERGE), patch);
        } catch (KubernetesClientException e) {
            if (e.getCode() != 404) {
                throw refused("annotating pod " + pod, e);
            }
        }
    }

    private static IOException refused(String attempt, KubernetesClientException e) {
        return new IOException(attempt + ": " + e.getMessage(), e);
    }

    private static Map<String, String> labels(Namespace namespace) {
        Map<String, String> labels = namespace.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
    }

    @Override
    public void close() {
        pods.stop();
        namespaces.stop();
        client.close();
    }

    private record PodEvents(ClusterListener listener) implements ResourceEventHandler<Pod> {
        @Override
        public void onAdd(Pod pod) {
            PodReader.read(pod).ifPresent(listener::podChanged);
        }

        @Override
        public void onUpdate(Pod before, Pod pod) {
            PodReader.read(before)
                    .filter(old -> PodReader.read(pod)
                            .filter(now -> now.uid().equals(old.uid()))
                            .isEmpty())
                    .ifPresent(listener::podDeleted);
            PodReader.read(pod).ifPresent(listener::podChanged);
        }

        @Override
        public void onDelete(Pod pod, boolean finalStateUnknown) {
            PodReader.read(pod).ifPresent(listener::podDeleted);
        }
    }

    private record NamespaceEvents(ClusterListener listener) implements ResourceEventHandler<Namespace> {
        @Override
        public void onAdd(Namespace namespace) {
            listener.namespaceChanged(namespace.getMetadata().getName());
        }

        @Override
        public void onUpdate(Namespace before, Namespace now) {
            if (!labels(before).equals(labels(now))) {
                listener.namespaceChanged(now.getMetadata().getName());
            }
        }

        @Override
        public void onDelete(Namespace namespace, boolean finalStateUnknown) {
            // Its pods are deleted one by one, and are handled as they go.
            log.debug("namespace {} is gone", namespace.getMetadata().getName());
        }
    }
}
