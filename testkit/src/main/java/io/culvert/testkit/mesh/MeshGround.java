package io.culvert.testkit.mesh;

import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.mesh.MeshOptions.Agent;
import io.culvert.testkit.network.Fabric;
import io.culvert.testkit.network.NodeNetwork;
import io.culvert.testkit.network.RunDirectory;
import io.culvert.testkit.process.PodCgroup;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PodSpec;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a mesh stands on and is told by: run directory, fabric, control plane, Kubernetes API. Made in that order, taken
 * down in the opposite one, also when the making fails half-way.
 */
final class MeshGround implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(MeshGround.class);

    /** istiod's. */
    private static final int CONTROL_PLANE_PORT = 15012;

    private final Deque<Part> parts = new ArrayDeque<>();
    private final RunDirectory run;
    private final AddressPlan plan;
    private @Nullable Fabric fabric;
    private @Nullable ControlPlane control;
    private Cluster cluster = new Cluster.Absent();

    private MeshGround(RunDirectory run, AddressPlan plan) {
        this.run = run;
        this.plan = plan;
    }

    static MeshGround make(MeshSpec spec, AddressPlan plan, MeshOptions options) throws IOException {
        RunDirectory run = RunDirectory.create();
        if (options.keepFiles()) {
            run.keepFiles();
        }
        MeshGround ground = new MeshGround(run, plan);
        ground.parts.push(new Part("run directory", run::close));
        ground.parts.push(new Part("cgroups", () -> PodCgroup.sweep(run.prefix())));
        try {
            ground.build(spec, options);
            return ground;
        } catch (IOException | RuntimeException failure) {
            ground.close();
            throw failure;
        }
    }

    private void build(MeshSpec spec, MeshOptions options) throws IOException {
        Fabric made = Fabric.create(run, plan);
        fabric = made;
        parts.push(new Part("network", made::close));
        if (options.proxyCommand().isEmpty()) {
            return;
        }
        InetSocketAddress address = new InetSocketAddress(plan.controlPlane().v4(), CONTROL_PLANE_PORT);
        ControlPlane started = ControlPlane.builder()
                .listening(Listening.in(made.netns(), address))
                .trustDomain(spec.trustDomain())
                .start();
        control = started;
        parts.push(new Part("control plane", started::close));
        if (options.agent() instanceof Agent.Command) {
            KubeCluster served = KubeCluster.serve(made.netns(), plan, spec, run.directory("kube"));
            cluster = served;
            parts.push(new Part("Kubernetes API", served::close));
        }
    }

    RunDirectory run() {
        return run;
    }

    ControlPlane control() {
        if (control == null) {
            throw new MeshFailure("this mesh runs without proxies, and so without a control plane");
        }
        return control;
    }

    boolean hasControl() {
        return control != null;
    }

    Cluster cluster() {
        return cluster;
    }

    Fabric fabric() {
        if (fabric == null) {
            throw new IllegalStateException("the fabric was not made");
        }
        return fabric;
    }

    /** Starts a node by the options; its programs need time to become ready. */
    MeshNode startNode(String name, MeshSpec mesh, MeshOptions options, Predicate<PodSpec> inMesh) throws IOException {
        NodeNetwork network = fabric().addNode(name);
        NodeStarter starter = new NodeStarter(options, run, plan);
        if (options.proxyCommand(name).isEmpty()) {
            return starter.startPlain(network);
        }
        return switch (options.agent()) {
            case Agent.Testkit _ -> starter.startWithoutAgent(network, control(), mesh, inMesh);
            case Agent.Command agent -> {
                Path kubeconfig = cluster.kubeconfig();
                yield starter.startWithAgent(network, control(), mesh, agent, kubeconfig, cluster::isAnnotated);
            }
        };
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            Part part = parts.pop();
            try {
                part.closing().run();
            } catch (RuntimeException failure) {
                log.warn("taking down the {}: {}", part.name(), failure.getMessage());
            }
        }
    }

    private record Part(String name, Runnable closing) {}
}
