package io.culvert.agent.admin;

import io.culvert.agent.enrol.EnrolmentObserver;
import io.culvert.agent.enrol.EnrolmentState;
import io.culvert.agent.enrol.PodReport;
import io.culvert.agent.install.InstallLoop;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * The agent's metrics: those of istio-cni by the same names and labels [istio cni/pkg/nodeagent/informers.go,
 * ztunnelserver.go, cni/pkg/pluginlistener], and {@code culvert_agent_*} of our own. Any thread.
 */
public final class AgentMetrics implements EnrolmentObserver, InstallLoop.Observer {
    /** From what the plugin's caller does not notice, to where it has given up. */
    private static final Duration[] ENROL_BOUNDS = {
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5)
    };

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Map<EventKind, Counter> reconciled = new EnumMap<>(EventKind.class);
    private final Timer enrolled = Timer.builder("culvert_agent_enrol")
            .description("From taking a pod up until rules, proxy and annotation are done")
            .serviceLevelObjectives(ENROL_BOUNDS)
            .register(registry);

    public AgentMetrics() {
        for (EventKind kind : EventKind.values()) {
            reconciled.put(
                    kind,
                    Counter.builder("nodeagent_reconcile_events_total")
                            .description("Events processed, each attempt")
                            .tag("type", kind.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
    }

    /** Metrics that are read off when somebody scrapes. */
    public void observe(IntSupplier proxiesConnected, Supplier<List<PodReport>> pods) {
        Gauge.builder("ztunnel_connected", () -> proxiesConnected.getAsInt())
                .description("Node proxies that are connected")
                .register(registry);
        for (EnrolmentState state : EnrolmentState.values()) {
            Gauge.builder(
                            "culvert_agent_pods",
                            () -> pods.get().stream()
                                    .filter(pod -> pod.state() == state)
                                    .count())
                    .description("Pods of this node by where they stand")
                    .tag("state", state.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
    }

    @Override
    public void reconciled(EventKind kind) {
        Counter counter = reconciled.get(kind);
        if (counter != null) {
            counter.increment();
        }
    }

    @Override
    public void enrolled(Duration took) {
        enrolled.record(took);
    }

    /** Where an installer runs. */
    public void observeInstaller(BooleanSupplier ready) {
        Gauge.builder("istio_cni_install_ready", () -> ready.getAsBoolean() ? 1 : 0)
                .description("1 while the plugin, its configuration and the kubeconfig are in place")
                .register(registry);
    }

    @Override
    public void installed(String result) {
        Counter.builder("istio_cni_installs_total")
                .description("Installations and repairs, and attempts at them that failed")
                .tag("result", result)
                .register(registry)
                .increment();
    }

    /** Another program had changed the node's rules for probes. */
    public void hostRulesRepaired() {
        Counter.builder("culvert_agent_host_rules_repaired_total")
                .description("How often the node's rules for probes were found changed, and written again")
                .register(registry)
                .increment();
    }

    /** A plugin's request was answered. */
    public void pluginAnswered(int status) {
        Counter.builder("istio_cni_plugin_requests_total")
                .description("Requests on the event socket")
                .tag("response_code", Integer.toString(status))
                .register(registry)
                .increment();
    }

    /** In Prometheus' text format. */
    public String scrape() {
        return registry.scrape();
    }
}
