package io.culvert.testkit.mesh;

import io.culvert.linux.Netns;
import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.kube.KubeApi;
import io.culvert.testkit.network.Leftovers;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.process.Stopwatch;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshBuilder;
import io.culvert.testkit.spec.MeshResources;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.NodeSpec;
import io.culvert.testkit.spec.PodBuilder;
import io.culvert.testkit.spec.PodSpec;
import io.culvert.testkit.spec.ServiceSpec;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole mesh that runs. Every verb returns when what it says is done: a pod added is a pod that serves, a policy
 * changed is a policy that every proxy has accepted.
 *
 * <p>The order of a pod's start is Kubernetes': the object bound to its node; the sandbox with its network; CNI ADD;
 * the address in the pod's status; the containers; the workload on the control plane. A pod whose ADD fails does not
 * start.
 *
 * <p>One thread at a time drives it; a second one waits. When the JVM ends while the mesh is up, whatever ends it but
 * SIGKILL, a shutdown hook takes it down; after SIGKILL children die by themselves, and the next mesh sweeps the rest.
 */
public final class Mesh implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Mesh.class);
    private static final Duration STOP_GRACE = Duration.ofSeconds(5);
    /** A proxy that was just started on a busy machine answers late. */
    private static final Duration PUSH_LIMIT = Duration.ofSeconds(60);

    private final MeshOptions options;
    private final MeshGround ground;
    private final PodStarter podStarter;
    private final Map<String, MeshNode> nodes = new LinkedHashMap<>();
    private final Map<String, MeshPod> pods = new LinkedHashMap<>();
    private final MeshDriving driving;
    private volatile MeshSpec spec;
    private AddressPlan plan;
    private int podsStarted;

    private Mesh(MeshSpec spec, AddressPlan plan, MeshOptions options, MeshGround ground) {
        this.spec = spec;
        this.plan = plan;
        this.options = options;
        this.ground = ground;
        this.podStarter = new PodStarter(ground.run());
        this.driving = new MeshDriving(spec.name(), this::takeDown);
    }

    /**
     * Brings up everything that {@code spec} names.
     *
     * @throws MeshFailure if a part does not come up; what was up is taken down again
     */
    public static Mesh start(MeshSpec spec, MeshOptions options) {
        Leftovers.sweep();
        AddressPlan plan = AddressPlan.of(spec, 0);
        MeshBuilder empty = spec.toBuilder();
        spec.pods().forEach(pod -> empty.removePod(pod.namespace(), pod.name()));
        MeshSpec withoutPods = ProxyPods.addTo(empty.build(), plan);
        Mesh mesh;
        try {
            mesh = new Mesh(withoutPods, plan, options, MeshGround.make(withoutPods, plan, options));
        } catch (IOException failure) {
            throw new MeshFailure("cannot lay the ground of mesh " + spec.name(), failure);
        }
        mesh.driving.registerHook();
        try {
            mesh.startAll(spec);
            return mesh;
        } catch (RuntimeException | Error failure) {
            mesh.close();
            throw failure;
        }
    }

    private void startAll(MeshSpec whole) {
        driving.run(() -> {
            Stopwatch watch = Stopwatch.start();
            publish();
            for (NodeSpec node : whole.nodes()) {
                nodes.put(node.name(), ground.startNode(node.name(), spec, options, pod -> spec.inMesh(pod)));
            }
            options.observer().done(nodes.size() + " nodes are joined, their programs start", watch.elapsed());
            for (MeshNode node : nodes.values()) {
                awaitReady(node);
            }
        });
        for (NodeSpec node : whole.nodes()) {
            for (PodSpec pod : node.pods()) {
                MeshPod _ = addPod(node.name(), pod);
            }
        }
    }

    private void awaitReady(MeshNode node) {
        Stopwatch watch = Stopwatch.start();
        if (node.hasAgent()) {
            node.agent().awaitReady(options.readyLimit());
            options.observer()
                    .done("agent of " + node + " is ready (pid " + node.agent().pid() + ")", watch.elapsed());
        }
        if (node.hasProxy()) {
            node.proxy().awaitReady(options.readyLimit());
            options.observer()
                    .done("proxy of " + node + " is ready (pid " + node.proxy().pid() + ")", watch.elapsed());
        }
    }

    // What there is.

    /** The mesh as it is now. */
    public MeshSpec spec() {
        return spec;
    }

    public Collection<MeshNode> nodes() {
        return List.copyOf(nodes.values());
    }

    public MeshNode node(String name) {
        return Optional.ofNullable(nodes.get(name)).orElseThrow(() -> new MeshFailure("there is no node " + name));
    }

    public Collection<MeshPod> pods() {
        return List.copyOf(pods.values());
    }

    /** A pod of namespace {@code default}, or {@code namespace/name}. */
    public MeshPod pod(String nameOrKey) {
        String key = nameOrKey.contains("/") ? nameOrKey : "default/" + nameOrKey;
        return Optional.ofNullable(pods.get(key)).orElseThrow(() -> new MeshFailure("there is no pod " + key));
    }

    /** A port of a service's first virtual address; the service is named as pods are. */
    public InetSocketAddress service(String nameOrKey, int port) {
        String key = nameOrKey.contains("/") ? nameOrKey : "default/" + nameOrKey;
        ServiceSpec service = spec.services().stream()
                .filter(candidate -> candidate.key().equals(key))
                .findFirst()
                .orElseThrow(() -> new MeshFailure("there is no service " + key));
        return new InetSocketAddress(plan.service(service).getFirst(), port);
    }

    public AddressPlan plan() {
        return plan;
    }

    public ControlPlane controlPlane() {
        return ground.control();
    }

    /** Where logs, sockets and tokens are. Its name is the prefix of all that the mesh made elsewhere. */
    public Path directory() {
        return ground.run().path();
    }

    /** The Kubernetes API, which is served where there are agents. */
    public KubeApi kubeApi() {
        return ground.cluster().api();
    }

    /** The namespace of control plane and Kubernetes API, through which goes all traffic between nodes. */
    public Netns fabricNetns() {
        return ground.fabric().netns();
    }

    /** Where {@code nsenter --net=} finds that namespace. */
    public Path fabricNetnsPath() {
        return ground.fabric().named().path();
    }

    // Changes.

    /** Adds a pod of namespace {@code default}, unless told otherwise, to a node. */
    public MeshPod addPod(String node, String podName, Consumer<PodBuilder> content) {
        MeshSpec grown = spec.toBuilder().pod(node, podName, content).build();
        PodSpec added = grown.pods()
                .filter(pod -> spec.pods().noneMatch(pod::equals))
                .findFirst()
                .orElseThrow();
        return addPod(node, added);
    }

    private MeshPod addPod(String nodeName, PodSpec described) {
        return driving.call(() -> {
            Stopwatch watch = Stopwatch.start();
            MeshNode node = node(nodeName);
            PodSpec pod =
                    PodSpecs.withUid(described, PodSpecs.freshUid(ground.run().prefix(), ++podsStarted));
            MeshSpec grown = PodSpecs.add(spec, nodeName, pod);
            plan = plan.evolve(grown);
            MeshPod started = startPod(node, pod);
            pods.put(pod.key(), started);
            spec = grown;
            publish();
            awaitPushed();
            options.observer()
                    .done(
                            "pod " + pod.key() + " on " + node + " at "
                                    + started.address().getHostAddress()
                                    + (node.enrolment().isEnrolled(pod) ? ", in the mesh" : ", not in the mesh"),
                            watch.elapsed());
            return started;
        });
    }

    private MeshPod startPod(MeshNode node, PodSpec pod) throws IOException {
        Cluster cluster = ground.cluster();
        cluster.scheduled(node.name(), pod);
        MeshPod started = podStarter.start(node.network(), pod, plan.pod(node.name(), pod));
        try {
            if (!pod.hostNetwork()) {
                node.enrolment().add(started);
            }
            cluster.running(pod, started.addresses());
            started.startServers();
            return started;
        } catch (IOException | RuntimeException failure) {
            started.dispose();
            cluster.failed(pod, String.valueOf(failure.getMessage()));
            cluster.deleted(pod);
            throw failure;
        }
    }

    /** Removes a pod, as its deletion does: its workload and its object go, then its sandbox; connections are cut. */
    public void removePod(MeshPod pod) {
        driving.run(() -> {
            Stopwatch watch = Stopwatch.start();
            pods.remove(pod.key());
            spec = spec.toBuilder()
                    .removePod(pod.spec().namespace(), pod.name())
                    .build();
            publish();
            ground.cluster().deleted(pod.spec());
            try {
                if (!pod.spec().hostNetwork()) {
                    node(pod.node()).enrolment().remove(pod);
                }
            } finally {
                pod.dispose();
            }
            awaitPushed();
            options.observer().done("pod " + pod.key() + " is gone from " + pod.node(), watch.elapsed());
        });
    }

    /** Changes policies, services or namespaces; pods have verbs of their own. */
    public void change(UnaryOperator<MeshBuilder> edit) {
        driving.run(() -> {
            MeshSpec changed = edit.apply(spec.toBuilder()).build();
            if (!changed.pods().toList().equals(spec.pods().toList())) {
                throw new MeshFailure("pods are added, removed and relabelled by their own verbs");
            }
            plan = plan.evolve(changed);
            spec = changed;
            ground.cluster().namespaces(changed);
            publish();
            awaitPushed();
        });
    }

    /** Sets or (with an empty value) removes a label of a pod that runs. */
    public void label(MeshPod pod, String key, String value) {
        respecify(pod, PodSpecs.withLabel(pod.spec(), key, value));
    }

    /**
     * Says whether a pod that runs passes its readiness probe: one that does not is no endpoint of its services, as is
     * one whose deletion has begun. Its connections go on.
     */
    public void ready(MeshPod pod, boolean ready) {
        respecify(pod, PodSpecs.withReady(pod.spec(), ready));
    }

    private void respecify(MeshPod pod, PodSpec changed) {
        driving.run(() -> {
            spec = PodSpecs.replace(spec, changed);
            pod.respecify(changed);
            ground.cluster().relabelled(changed);
            publish();
            awaitPushed();
        });
    }

    // Waiting.

    /** Waits until the pod's traffic is redirected, or (false) is not; then tells the control plane so. */
    public void awaitEnrolled(MeshPod pod, boolean enrolled, Duration limit) {
        MeshNode node = node(pod.node());
        Await.untilTrue(
                pod + (enrolled ? " enrolled" : " no longer enrolled"),
                limit,
                () -> node.enrolment().isEnrolled(pod.spec()) == enrolled,
                () -> node.hasAgent() ? node.agent().log().tail(20) : "");
        driving.run(() -> {
            publish();
            awaitPushed();
        });
    }

    /** Waits until every proxy has answered all that it was told. */
    public void awaitPushed() {
        if (ground.hasControl()) {
            ControlPlane control = ground.control();
            Await.untilTrue(
                    "answers to all pushes",
                    PUSH_LIMIT,
                    () -> Pushes.unanswered(control.events()).isEmpty(),
                    () -> "unanswered: " + Pushes.unanswered(control.events()));
        }
    }

    private void publish() {
        if (ground.hasControl()) {
            ground.control().serve(MeshResources.of(spec, plan, this::isCaptured));
        }
    }

    private boolean isCaptured(PodSpec pod) {
        return Optional.ofNullable(pods.get(pod.key()))
                .map(running -> node(running.node()).enrolment().isEnrolled(pod))
                .orElse(false);
    }

    // The end.

    /** Takes everything down, in an order that lets the proxies drain; idempotent. */
    @Override
    public void close() {
        driving.end();
    }

    private void takeDown() {
        pods.values().forEach(MeshPod::stopServers);
        nodes.values().forEach(MeshNode::terminate);
        nodes.values().forEach(node -> quietly(() -> node.close(STOP_GRACE)));
        pods.values().forEach(pod -> quietly(pod::dispose));
        ground.close();
    }

    private static void quietly(Runnable closing) {
        try {
            closing.run();
        } catch (RuntimeException failure) {
            log.warn("while the mesh is taken down: {}", failure.getMessage());
        }
    }
}
