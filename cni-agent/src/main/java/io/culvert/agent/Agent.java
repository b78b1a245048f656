package io.culvert.agent;

import io.culvert.agent.admin.AdminServers;
import io.culvert.agent.admin.AgentMetrics;
import io.culvert.agent.cni.EventServer;
import io.culvert.agent.cni.PodAdmission;
import io.culvert.agent.config.AgentConfig;
import io.culvert.agent.eligibility.Verdict;
import io.culvert.agent.enrol.Admission;
import io.culvert.agent.enrol.Collaborators;
import io.culvert.agent.enrol.Enrolments;
import io.culvert.agent.install.InstallLoop;
import io.culvert.agent.install.Installer;
import io.culvert.agent.kube.DaemonSetFate;
import io.culvert.agent.kube.KubeCluster;
import io.culvert.agent.netns.InterfaceAddresses;
import io.culvert.agent.netns.NetnsCache;
import io.culvert.agent.netns.NetnsFinder;
import io.culvert.agent.netns.ProcScan;
import io.culvert.agent.rules.NftPodRules;
import io.culvert.agent.rules.RuleSettings;
import io.culvert.agent.zds.ZdsServer;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The wiring: the one class that knows every part.
 *
 * <p>Start order matters, and follows the original's [istio cni/pkg/nodeagent/server.go]: sockets first, so that
 * plugins and proxies find somebody; then the cluster's state; then the pods of an earlier run; only then may a proxy
 * connect, because a snapshot of half a cache would make it drop pods. It ends in the opposite sense: no new pods, then
 * no changes, then no proxies. Rules, annotations, the installed plugin and the proxy's work stay as they are: stopping
 * is not uninstalling.
 */
final class Agent implements AutoCloseable {
    /** How many pods are worked on at the same time; each may wait some seconds for the proxy or the API server. */
    private static final int LANE_THREADS = 8;

    private static final Logger log = LoggerFactory.getLogger("agent");

    private final AgentConfig config;
    private final ExecutorService lanes = Executors.newFixedThreadPool(
            LANE_THREADS, Thread.ofPlatform().name("lane-", 0).daemon().factory());
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("timer").daemon().factory());
    private final LongSupplier ticker = System::nanoTime;
    private final AgentMetrics metrics = new AgentMetrics();
    private final AdminServers servers = new AdminServers();
    private final NetnsCache cache = new NetnsCache();
    private final ZdsServer proxies;
    private final KubeCluster cluster;
    private final Upkeep upkeep;
    private final Enrolments enrolments;
    private final EventServer events;
    /** Written by the main thread, read by health's and the stopping one. */
    private volatile @Nullable InstallLoop installer;

    private volatile boolean ready;

    private Agent(AgentConfig config) throws IOException {
        this.config = config;
        this.proxies = ZdsServer.listen(config.zdsSocket(), cache);
        this.cluster = KubeCluster.connect(config.nodeName());
        this.upkeep = Upkeep.start(config, cluster, metrics::hostRulesRepaired, this::later);
        ProcScan scan = ProcScan.of(config.hostProc(), new InterfaceAddresses());
        RuleSettings rules =
                new RuleSettings(config.ipv6(), config.dnsCapture(), config.probeAddress4(), config.probeAddress6());
        Collaborators with = new Collaborators(
                cluster,
                cache,
                new NetnsFinder(config.hostRoot(), scan),
                new NftPodRules(rules),
                proxies,
                upkeep.probes());
        this.enrolments = new Enrolments(config.eligibility(), with, this::work, this::later, metrics, ticker);
        metrics.observe(proxies::connected, enrolments::report);
        servers.metrics(config.metricsPort(), metrics::scrape);
        servers.admin(config.adminPort(), enrolments::report);
        servers.health(config.healthPort(), () -> ready && installed());
        this.events = EventServer.start(config.eventSocket(), admission(), metrics::pluginAnswered);
    }

    /**
     * Opens sockets and ports.
     *
     * @throws IOException naming the one that cannot be had
     */
    static Agent start(AgentConfig config) throws IOException {
        log.info("settings: {}", config);
        return new Agent(config);
    }

    /** Waits for the cluster's state, however long that takes, and begins to work. */
    void serve() throws InterruptedException, IOException {
        if (config.install().enabled()) {
            // Only now that plugins find somebody: pods wait until the state is known, and none starts unprotected.
            installer = InstallLoop.start(config.install(), metrics, ticker);
            metrics.observeInstaller(this::installed);
        }
        if (!config.ambientEnabled()) {
            log.warn("AMBIENT_ENABLED is not true: no pod will be enrolled");
            ready = true;
            return;
        }
        cluster.watch(upkeep.before(enrolments)).join();
        log.info(
                "the cluster's state is known: {} pods on this node",
                cluster.pods().size());
        enrolments.recover(config.systemNamespace(), config.reconcileOnStartup());
        enrolments.open();
        upkeep.begin();
        proxies.start();
        ready = true;
        log.info("ready: node proxies at {}, plugins at {}", config.zdsSocket(), config.eventSocket());
    }

    private boolean installed() {
        InstallLoop running = installer;
        return !config.install().enabled() || (running != null && running.ready());
    }

    /** Without ambient there is nothing to decide, and nobody to ask. */
    private PodAdmission admission() {
        return config.ambientEnabled()
                ? enrolments::admit
                : (request, honourExclusions) -> new Admission.NotEligible(Verdict.NOT_SELECTED);
    }

    /** A lane's work, unless the agent is stopping. */
    private void work(Runnable task) {
        try {
            lanes.execute(task);
        } catch (RejectedExecutionException e) {
            log.debug("not done any more: the agent is stopping");
        }
    }

    private void later(Duration wait, Runnable task) {
        try {
            var _ = timer.schedule(task, wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("not tried again: the agent is stopping");
        }
    }

    /** Before the event socket is closed: pods then start by the configuration without us, and none in between. */
    private void uninstallIfTold() {
        InstallLoop running = installer;
        if (running == null) {
            return;
        }
        running.close();
        DaemonSetFate.Answer fate = config.alwaysUninstall()
                ? new DaemonSetFate.Answer(true, "AMBIENT_DISABLE_SAFE_UPGRADE is true")
                : cluster.fate(config.podNamespace());
        if (!fate.uninstall()) {
            log.info("the CNI plugin stays installed, and pods wait for the next agent: {}", fate.reason());
            return;
        }
        log.info("uninstalling: {}", fate.reason());
        try {
            new Installer(config.install()).uninstall().forEach(file -> log.info("uninstalled {}", file));
            Uninstall.removeHostRules(config);
        } catch (IOException e) {
            log.error("not everything is uninstalled: {}", e.getMessage());
        }
    }

    @Override
    public void close() {
        ready = false;
        uninstallIfTold();
        try {
            events.close();
        } catch (IOException e) {
            log.warn("closing the event socket: {}", e.toString());
        }
        timer.shutdownNow();
        lanes.shutdown();
        proxies.close();
        cluster.close();
        upkeep.close();
        servers.close();
        cache.clear();
    }
}
