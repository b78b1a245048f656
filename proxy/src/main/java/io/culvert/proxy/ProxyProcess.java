package io.culvert.proxy;

import io.culvert.proxy.admin.AdminServers;
import io.culvert.proxy.admin.BuildVersion;
import io.culvert.proxy.admin.ConfigDump;
import io.culvert.proxy.config.ProxyConfig;
import io.culvert.proxy.dns.DnsMetrics;
import io.culvert.proxy.dns.DnsService;
import io.culvert.proxy.dns.DnsSettings;
import io.culvert.proxy.hbone.HboneConfig;
import io.culvert.proxy.lifecycle.Drain;
import io.culvert.proxy.lifecycle.Readiness;
import io.culvert.proxy.lifecycle.Signals;
import io.culvert.proxy.names.HostNames;
import io.culvert.proxy.pod.DialRetries;
import io.culvert.proxy.pod.Services;
import io.culvert.proxy.rbac.Authorizer;
import io.culvert.proxy.rbac.InboundConnections;
import io.culvert.proxy.relay.DataLoops;
import io.culvert.proxy.routing.AddressFetch;
import io.culvert.proxy.routing.InboundRouter;
import io.culvert.proxy.routing.LocalWorkloads;
import io.culvert.proxy.routing.OutboundRouter;
import io.culvert.proxy.socks5.SocksMetrics;
import io.culvert.proxy.socks5.SocksNames;
import io.culvert.proxy.telemetry.AccessLog;
import io.culvert.proxy.telemetry.ConnectionTelemetry;
import io.culvert.proxy.telemetry.OnDemandDns;
import io.culvert.proxy.telemetry.TrafficMetrics;
import io.culvert.proxy.telemetry.log.LogSink;
import io.culvert.proxy.telemetry.metrics.BuildInfo;
import io.culvert.proxy.telemetry.metrics.LoopMetrics;
import io.culvert.proxy.telemetry.metrics.MetricsRegistry;
import io.culvert.proxy.telemetry.metrics.ProcessMetrics;
import io.culvert.proxy.tls.TlsContexts;
import io.culvert.xds.InvalidLocalState;
import io.culvert.xds.mesh.MeshState;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one class that knows the whole: makes every part, joins them, and starts them in the order that keeps pods safe.
 *
 * <pre>
 *   preflight -> admin, stats, readiness -> control plane -> (first state accepted) -> {@link Pods}
 * </pre>
 *
 * In shared mode the node agent is not even connected to before the first state was accepted: a pod that came earlier
 * would be captured before its policies are known. In dedicated mode callers wait in the backlog until then.
 */
final class ProxyProcess implements AutoCloseable {

    /** Label sets that no connection has used for this long are dropped from the metrics. */
    private static final Duration SERIES_IDLE = Duration.ofMinutes(15);

    private static final Duration SERIES_SWEEP = Duration.ofMinutes(1);

    private static final Logger log = LoggerFactory.getLogger(ProxyProcess.class);

    private final ProxyConfig config;
    private final LongSupplier ticker;
    private final Drain drain;
    private final Readiness readiness;
    private final MetricsRegistry metrics = new MetricsRegistry();
    private final TrafficMetrics traffic = new TrafficMetrics();
    private final XdsMetrics xdsMetrics;
    private final SocksMetrics socksMetrics = new SocksMetrics();
    private final DnsMetrics dnsMetrics = new DnsMetrics();
    private final ControlSide control;
    private final Services services;
    private final DataPlane data;
    private final Pods pods;

    private ProxyProcess(
            ProxyConfig config,
            Map<String, String> environment,
            LogSink sink,
            InstantSource clock,
            LongSupplier ticker,
            long bufferBytes) {
        this.config = config;
        this.ticker = ticker;
        this.drain = new Drain(config.terminationDeadline(), ticker);
        this.readiness = new Readiness(ticker);
        this.control = new ControlSide(config, jsonMetadata(environment), clock);
        this.xdsMetrics = new XdsMetrics(ticker, control::xdsStatus);
        ConnectionTelemetry telemetry = new ConnectionTelemetry(traffic, new AccessLog(sink), ticker);
        this.services = services(config, control, telemetry);
        this.data = new DataPlane(
                DataLoops.start(config.workerThreads(), ticker, bufferBytes),
                services,
                config.inpod().sockets(),
                roads(config, socksMetrics, dnsMetrics),
                loop -> new TlsContexts(loop, clock, config.features().tls(), control.revocation()));
        this.pods = Pods.of(config, data, readiness, ticker);
    }

    /** The first line of the log, before whatever is to be said of settings. */
    static void announce(BuildVersion version) {
        log.info("version: {}", version);
    }

    /**
     * Starts everything.
     *
     * @throws IOException if a listener of the process cannot be bound, or the process lacks a capability; the message
     *     says which
     * @throws IllegalArgumentException if a setting is of no use
     */
    static ProxyProcess start(
            ProxyConfig config,
            BuildVersion version,
            Map<String, String> environment,
            LogSink sink,
            InstantSource clock,
            LongSupplier ticker)
            throws IOException {
        if (config.features().fakeCa()) {
            throw new IllegalArgumentException(
                    "invalid env var FAKE_CA=true (this proxy makes no certificates: use a control plane that does)");
        }
        log.info("running with config: {}", ConfigDump.settings(config));
        Pods.check(config);
        long bufferBytes = BufferMemory.bytes(config.own().bufferMib(), config.workerThreads());
        ProxyProcess process = new ProxyProcess(config, environment, sink, clock, ticker, bufferBytes);
        try {
            process.begin(version, sink, clock);
            return process;
        } catch (IOException | RuntimeException e) {
            process.close();
            throw e;
        }
    }

    private void begin(BuildVersion version, LogSink sink, InstantSource clock) throws IOException {
        try {
            control.loadLocalState();
        } catch (InvalidLocalState e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        Readiness.Gate synced = readiness.gate(Readiness.STATE_MANAGER);
        List<Readiness.Gate> wired = new ArrayList<>(List.of(readiness.gate(Readiness.PROXY)));
        if (config.features().dnsProxy()) {
            wired.add(readiness.gate(Readiness.DNS_PROXY));
        }
        metrics.add(new ProcessMetrics())
                .add(new LoopMetrics())
                .add(new BuildInfo(config.node().istioVersion()))
                .add(traffic)
                .add(xdsMetrics)
                .add(services.onDemandDns())
                .add(services.retries());
        pods.addMetrics(metrics);
        data.metrics().forEach(metrics::add);
        if (config.features().socks5()) {
            metrics.add(socksMetrics);
        }
        if (config.features().dnsProxy()) {
            metrics.add(dnsMetrics);
        }
        control.localFile().ifPresent(file -> metrics.add(new LocalFileMetrics(file)));
        control.revocationFile().ifPresent(file -> metrics.add(new RevocationMetrics(control.revocation(), file)));
        control.snapshots().ifPresent(kept -> metrics.add(new SnapshotMetrics(control, kept.counters(), clock)));
        AdminServers admin = AdminServers.start(
                config.ports(),
                new ConfigDump(config, version, new Dump(control, pods, services, new SplittableRandom())),
                sink,
                metrics,
                readiness,
                drain,
                clock);
        drain.register("admin", admin);
        pods.bind(drain);
        control.start(xdsMetrics, () -> {
            synced.open();
            pods.serve();
        });
        control.every(SERIES_SWEEP, () -> {
            int _ = traffic.expireIdle(SERIES_IDLE.toSeconds(), ticker.getAsLong());
            dnsMetrics.expireIdle(SERIES_IDLE.toSeconds(), ticker.getAsLong());
        });
        wired.forEach(Readiness.Gate::open);
        Signals.install(drain);
    }

    private static Services services(ProxyConfig config, ControlSide control, ConnectionTelemetry telemetry) {
        MeshState mesh = control.mesh();
        Authorizer authorizer = new Authorizer(config.features().policyDecisionsAtInfo());
        String network = config.node().network();
        return new Services(
                mesh,
                new LocalWorkloads(mesh),
                new AddressFetch(mesh, control.onDemand()),
                control.certificates(),
                new OutboundRouter(network, config.ports().data()),
                new InboundRouter(
                        network, config.ports().data(), config.features().localhostAppTunnel()),
                authorizer,
                new InboundConnections(authorizer, mesh),
                telemetry,
                network,
                config.features().responseBaggage(),
                HostNames.ofMachine(config.ports().ipv6()),
                new OnDemandDns(),
                new DialRetries(config.own().dialRetries(), config.own().endpointEjection()));
    }

    private static Roads roads(ProxyConfig config, SocksMetrics socksMetrics, DnsMetrics dnsMetrics) {
        DnsSettings names = new DnsSettings(
                config.node().clusterDomain(),
                config.node().preferredServiceNamespace(),
                config.inpod().sockets().ipv6(),
                config.dns().address(),
                config.dns().resolvConf());
        return new Roads(
                hbone(config.tunnel()),
                config.features().socks5(),
                SocksNames.NONE,
                socksMetrics,
                config.features().dnsProxy(),
                new DnsService(names, dnsMetrics, () -> Unpredictable.SHARED));
    }

    /** Made when first needed: the start of the process needs none. */
    private static final class Unpredictable {
        static final SecureRandom SHARED = new SecureRandom();
    }

    private static HboneConfig hbone(ProxyConfig.Tunnel tunnel) {
        HboneConfig defaults = HboneConfig.defaults();
        return new HboneConfig(
                tunnel.streamWindowBytes(),
                tunnel.connectionWindowBytes(),
                tunnel.frameBytes(),
                tunnel.poolStreamsMax(),
                tunnel.poolIdleTimeout().toMillis(),
                defaults.connectTimeoutMs(),
                defaults.pingAfterMs(),
                defaults.pingTimeoutMs());
    }

    private static Map<String, String> jsonMetadata(Map<String, String> environment) {
        String prefix = "ISTIO_METAJSON_";
        Map<String, String> found = new TreeMap<>();
        environment.forEach((name, value) -> {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), value);
            }
        });
        return found;
    }

    /** Returns when somebody has asked for the end and everything has come to it. */
    void runUntilDrained() throws InterruptedException {
        drain.run();
    }

    @Override
    public void close() {
        data.close();
        services.hostNames().close();
        control.close();
    }
}
