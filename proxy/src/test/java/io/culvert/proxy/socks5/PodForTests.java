package io.culvert.proxy.socks5;

import io.culvert.proxy.hbone.HboneConfig;
import io.culvert.proxy.hbone.HbonePool;
import io.culvert.proxy.inpod.PodSocketSettings;
import io.culvert.proxy.inpod.PodSockets;
import io.culvert.proxy.names.HostNames;
import io.culvert.proxy.pod.DialRetries;
import io.culvert.proxy.pod.Pod;
import io.culvert.proxy.pod.PodDialer;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.pod.Services;
import io.culvert.proxy.rbac.Authorizer;
import io.culvert.proxy.rbac.InboundConnections;
import io.culvert.proxy.rbac.PodConnections;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.routing.AddressFetch;
import io.culvert.proxy.routing.InboundRouter;
import io.culvert.proxy.routing.LocalWorkloads;
import io.culvert.proxy.routing.OutboundRouter;
import io.culvert.proxy.routing.ProxyPorts;
import io.culvert.proxy.routing.TestMesh;
import io.culvert.proxy.routing.WorkloadRef;
import io.culvert.proxy.telemetry.AccessLog;
import io.culvert.proxy.telemetry.ConnectionTelemetry;
import io.culvert.proxy.telemetry.OnDemandDns;
import io.culvert.proxy.telemetry.TrafficMetrics;
import io.culvert.proxy.telemetry.log.LogFilter;
import io.culvert.proxy.telemetry.log.LogFormat;
import io.culvert.proxy.telemetry.log.LogSink;
import io.culvert.proxy.telemetry.log.LogWriter;
import io.culvert.proxy.tls.TlsContexts;
import io.culvert.xds.channel.ControlThread;
import io.culvert.xds.identity.CertificateManager;
import io.culvert.xds.identity.CertificateSource;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.Renewal;
import io.culvert.xds.mesh.MeshState;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.SplittableRandom;

/** A pod's share of one loop, where the process itself is, in a mesh that knows nobody but the pod. */
final class PodForTests implements AutoCloseable {
    private static final WorkloadRef WORKLOAD = new WorkloadRef("me", "ns", "sa-me");

    final ByteArrayOutputStream log = new ByteArrayOutputStream();
    final TrafficMetrics traffic = new TrafficMetrics();
    private final LogWriter writer = LogWriter.start(log, System::nanoTime);
    private final ControlThread control = new ControlThread(() -> Instant.EPOCH);
    private final DialRetries retries = new DialRetries(0, Duration.ZERO);
    private final TlsContexts tls;
    private final PodLoop share;
    private final DataLoop loop;

    PodForTests(DataLoop loop) {
        this.loop = loop;
        this.tls = new TlsContexts(loop, () -> Instant.EPOCH);
        MeshState mesh =
                new TestMesh().workload(TestMesh.pod("me", "192.0.2.1")).state();
        PodSockets sockets = PodSockets.here(new PodSocketSettings(
                false,
                0,
                false,
                PodSocketSettings.Transparency.OFF,
                "",
                new PodSocketSettings.Keepalive(true, Duration.ofMinutes(3), Duration.ofMinutes(3), 9, false)));
        Pod pod = new Pod(WORKLOAD, sockets, new PodConnections(), services(mesh));
        HbonePool pool = new HbonePool(loop, HboneConfig.defaults(), new PodDialer(pod, loop, tls));
        this.share = new PodLoop(pod, loop, tls, pool, new SplittableRandom(1), retries.forLoop(loop::nanoTime));
    }

    private Services services(MeshState mesh) {
        Authorizer authorizer = new Authorizer(false);
        LogSink sink = new LogSink(LogFormat.PLAIN, LogFilter.startup("info"), writer, () -> Instant.EPOCH);
        return new Services(
                mesh,
                new LocalWorkloads(mesh),
                new AddressFetch(mesh, Optional.empty()),
                new CertificateManager(
                        new NoCertificates(),
                        TlsContexts.preparation(),
                        Renewal.AT_HALF_LIFE,
                        control,
                        new SplittableRandom(1)),
                new OutboundRouter("", ProxyPorts.of(true)),
                new InboundRouter("", ProxyPorts.of(true), true),
                authorizer,
                new InboundConnections(authorizer, mesh),
                new ConnectionTelemetry(traffic, new AccessLog(sink), System::nanoTime),
                "",
                true,
                HostNames.ofMachine(false),
                new OnDemandDns(),
                retries);
    }

    PodLoop share() {
        return share;
    }

    String logged() {
        return log.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        loop.post(tls::close);
        control.close();
        writer.close();
    }

    private static final class NoCertificates implements CertificateSource {
        @Override
        public void fetch(Identity identity, Sink sink) {
            sink.failed("there are no certificates here");
        }
    }
}
