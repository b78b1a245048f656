package io.culvert.proxy;

import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.culvert.proxy.hbone.HbonePool;
import io.culvert.proxy.inpod.PodProxy;
import io.culvert.proxy.inpod.PodProxyFactory;
import io.culvert.proxy.inpod.PodSocketSettings;
import io.culvert.proxy.inpod.PodSockets;
import io.culvert.proxy.inpod.WorkloadUid;
import io.culvert.proxy.pod.Pod;
import io.culvert.proxy.pod.PodDialer;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.pod.Services;
import io.culvert.proxy.rbac.PodConnections;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.DataLoops;
import io.culvert.proxy.routing.Ejections;
import io.culvert.proxy.routing.ProxyPorts;
import io.culvert.proxy.routing.WorkloadRef;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import io.culvert.proxy.tls.TlsContexts;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.MeshListener;
import io.culvert.xds.mesh.WorkloadsChange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * The data loops, and the pods on them. Pods are started on the ZDS thread; everything else of theirs lives on the
 * loops.
 */
final class DataPlane implements PodProxyFactory, AutoCloseable {

    private final DataLoops loops;
    private final List<TlsContexts> tls;
    private final List<Ejections> ejections;
    private final Services services;
    private final PodSocketSettings sockets;
    private final Roads roads;
    private final AtomicInteger pods = new AtomicInteger();

    DataPlane(
            DataLoops loops,
            Services services,
            PodSocketSettings sockets,
            Roads roads,
            Function<DataLoop, TlsContexts> tls) {
        this.loops = loops;
        this.services = services;
        this.sockets = sockets;
        this.roads = roads;
        this.tls = loops.all().stream().map(tls).toList();
        this.ejections = loops.all().stream()
                .map(loop -> services.retries().forLoop(loop::nanoTime))
                .toList();
        services.mesh().addListener(new MeshListener() {
            @Override
            public void workloadsChanged(WorkloadsChange change) {
                change.localForgotten().forEach(DataPlane.this::forget);
            }
        });
    }

    private void forget(Identity identity) {
        for (DataLoop loop : loops.all()) {
            loop.post(() -> tls.get(loop.index()).forget(identity));
        }
    }

    @Override
    public PodProxy start(WorkloadUid uid, WorkloadRef workload, Netns netns) throws IOException {
        Pod pod = new Pod(workload, new PodSockets(netns, sockets), new PodConnections(), services);
        List<PodLoop> shares = shares(pod);
        return PodServer.start(pod, shares, nextListening(), PodListeners.bind(roads, pod.sockets(), shares));
    }

    /**
     * Binds the listener for the proxy itself, in the caller's namespace: with neither mark nor shared port, as nothing
     * is redirected here and every generation of the proxy has a namespace of its own; no caller's address is kept.
     *
     * @throws IOException if it cannot be bound
     */
    GatedServer bindOwn(WorkloadRef self) throws IOException {
        PodSockets plain = PodSockets.here(ofTheProcess(0, PodSocketSettings.Transparency.OFF));
        Pod own = new Pod(self, plain, new PodConnections(), services);
        List<PodLoop> shares = shares(own);
        try {
            return GatedServer.of(own, shares, nextListening(), PodListeners.bindTunnels(plain, roads.tunnels()));
        } catch (KernelException e) {
            throw new IOException(
                    "failed to bind to port " + ProxyPorts.INBOUND_HBONE + " for the proxy's own workload: "
                            + e.getMessage() + "; each proxy needs a network namespace of its own, or no POD_NAME",
                    e);
        }
    }

    /**
     * Binds all listeners of the one workload that this proxy is for, in the caller's namespace.
     *
     * @throws IOException naming the port that cannot be bound
     */
    GatedServer bindDedicated(WorkloadRef workload) throws IOException {
        PodSockets here = PodSockets.here(ofTheProcess(sockets.mark(), sockets.transparency()));
        Pod pod = new Pod(workload, here, new PodConnections(), services);
        List<PodLoop> shares = shares(pod);
        try {
            return GatedServer.of(pod, shares, nextListening(), PodListeners.bind(roads, here, shares));
        } catch (KernelException e) {
            throw new IOException(
                    "failed to bind for the workload " + workload + ": " + e.getMessage()
                            + "; in dedicated mode each proxy needs a network namespace of its own",
                    e);
        }
    }

    private PodSocketSettings ofTheProcess(int mark, PodSocketSettings.Transparency transparency) {
        return new PodSocketSettings(
                sockets.ipv6(), mark, false, transparency, sockets.congestionControl(), sockets.keepalive());
    }

    private List<PodLoop> shares(Pod pod) {
        List<PodLoop> shares = new ArrayList<>();
        for (DataLoop loop : loops.all()) {
            TlsContexts contexts = tls.get(loop.index());
            HbonePool pool = new HbonePool(loop, roads.tunnels(), new PodDialer(pod, loop, contexts));
            shares.add(new PodLoop(pod, loop, contexts, pool, new SplittableRandom(), ejections.get(loop.index())));
        }
        return shares;
    }

    /** Listening is spread over the loops too: accepting is work. */
    private DataLoop nextListening() {
        return loops.get(Math.floorMod(pods.getAndIncrement(), loops.all().size()));
    }

    /** Of buffers and of waiting handshakes. */
    List<MetricSource> metrics() {
        return List.of(new BufferMetrics(loops), new HandshakeMetrics(loops));
    }

    @Override
    public void close() {
        for (DataLoop loop : loops.all()) {
            loop.post(() -> tls.get(loop.index()).close());
        }
        loops.close();
    }
}
