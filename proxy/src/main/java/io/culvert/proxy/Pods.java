package io.culvert.proxy;

import io.culvert.proxy.config.ProxyConfig;
import io.culvert.proxy.inpod.InpodMetrics;
import io.culvert.proxy.inpod.InpodPreflight;
import io.culvert.proxy.inpod.PodState;
import io.culvert.proxy.inpod.WorkloadManager;
import io.culvert.proxy.inpod.WorkloadUid;
import io.culvert.proxy.inpod.ZdsClient;
import io.culvert.proxy.lifecycle.Drain;
import io.culvert.proxy.lifecycle.Readiness;
import io.culvert.proxy.routing.WorkloadRef;
import io.culvert.proxy.telemetry.metrics.MetricsRegistry;
import java.io.IOException;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How the process comes by what it serves (PROXY_MODE): the pods of its node, as the node agent hands them over, or the
 * one workload that its settings name, in its own namespace.
 */
sealed interface Pods {

    /** By the settings; binds nothing yet. */
    static Pods of(ProxyConfig config, DataPlane data, Readiness readiness, LongSupplier ticker) {
        return switch (config.features().mode()) {
            case SHARED -> new Shared(config, data, readiness, ticker);
            case DEDICATED -> new Dedicated(config, data);
        };
    }

    /**
     * Finds out whether the process may do what the mode needs.
     *
     * @throws IOException naming the capability that is missing
     */
    static void check(ProxyConfig config) throws IOException {
        switch (config.features().mode()) {
            case SHARED -> InpodPreflight.check(config.inpod().sockets());
            case DEDICATED -> InpodPreflight.checkHere(config.inpod().sockets());
        }
    }

    /**
     * Binds what is served in the process's own namespace, and takes part in the process's end.
     *
     * @throws IOException naming the port that somebody else has
     */
    void bind(Drain drain) throws IOException;

    /** Begins, now that the mesh's state is there: never earlier, as policies would not be known. */
    void serve();

    void addMetrics(MetricsRegistry metrics);

    /** For the dump; nothing in dedicated mode, which has no such key. */
    Map<WorkloadUid, PodState> dump();

    /** Shared mode: any number of pods; and the proxy itself, if it knows which workload it is. */
    final class Shared implements Pods {
        private final ProxyConfig.Node node;
        private final DataPlane data;
        private final InpodMetrics metrics = new InpodMetrics();
        private final WorkloadManager workloads;
        private final ZdsClient zds;
        private Runnable serveOwn = () -> {};

        private Shared(ProxyConfig config, DataPlane data, Readiness readiness, LongSupplier ticker) {
            this.node = config.node();
            this.data = data;
            this.workloads = new WorkloadManager(data, readiness.gate(Readiness.WORKLOAD_PROXY_MANAGER), metrics);
            this.zds = new ZdsClient(config.inpod().agentSocket(), workloads, ticker);
        }

        @Override
        public void bind(Drain drain) throws IOException {
            drain.register("workload proxy manager", zds);
            if (node.isKnown()) {
                GatedServer own =
                        data.bindOwn(new WorkloadRef(node.podName(), node.podNamespace(), node.serviceAccount()));
                drain.register("own workload", own);
                serveOwn = own::serve;
            }
        }

        @Override
        public void serve() {
            serveOwn.run();
            zds.start();
        }

        @Override
        public void addMetrics(MetricsRegistry registry) {
            registry.add(metrics);
        }

        @Override
        public Map<WorkloadUid, PodState> dump() {
            return workloads.dump();
        }
    }

    /** Dedicated mode (ztunnel proxyfactory.rs:new_proxies_for_dedicated). */
    final class Dedicated implements Pods {
        private final WorkloadRef workload;
        private final DataPlane data;
        private Runnable serve = () -> {};

        private Dedicated(ProxyConfig config, DataPlane data) {
            String[] named = config.node().proxyWorkload().split("/", -1);
            this.workload = new WorkloadRef(named[1], named[0], named[2]);
            this.data = data;
        }

        @Override
        public void bind(Drain drain) throws IOException {
            GatedServer server = data.bindDedicated(workload);
            drain.register("proxy", server);
            serve = server::serve;
        }

        @Override
        public void serve() {
            serve.run();
        }

        @Override
        public void addMetrics(MetricsRegistry registry) {
            // It counts nothing of its own: there is one workload, from the start to the end.
        }

        @Override
        public Map<WorkloadUid, PodState> dump() {
            return Map.of();
        }
    }
}
