package io.culvert.proxy;

import io.culvert.proxy.config.OwnSettings.StateSnapshot;
import io.culvert.proxy.config.ProxyConfig;
import io.culvert.proxy.tls.Revocation;
import io.culvert.proxy.tls.RevocationFile;
import io.culvert.proxy.tls.TlsContexts;
import io.culvert.xds.AdsClient;
import io.culvert.xds.AdsCounters;
import io.culvert.xds.AdsStatus;
import io.culvert.xds.CertificatePrefetch;
import io.culvert.xds.InvalidLocalState;
import io.culvert.xds.LocalFile;
import io.culvert.xds.LocalState;
import io.culvert.xds.OnDemand;
import io.culvert.xds.XdsConfig;
import io.culvert.xds.XdsNode;
import io.culvert.xds.channel.ControlPlaneEndpoint;
import io.culvert.xds.channel.ControlThread;
import io.culvert.xds.channel.GrpcTransport;
import io.culvert.xds.channel.RootCertificates;
import io.culvert.xds.channel.Token;
import io.culvert.xds.identity.CertificateManager;
import io.culvert.xds.identity.Renewal;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.snapshot.SnapshotConfig;
import io.culvert.xds.snapshot.StateKeeper;
import io.culvert.xds.snapshot.StateSnapshots;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** What talks to the control plane, on the control thread: mesh state and certificates. */
final class ControlSide implements AutoCloseable {
    private final ProxyConfig config;
    private final Map<String, String> jsonMetadata;
    private final ControlThread control;
    private final GrpcTransport grpc;
    private final ExecutorService keyMaker = thread("culvert-keys");
    private final MeshState mesh;
    private final CertificateSources.Made source;
    private final CertificateManager certificates;
    private volatile LocalState inlineState = LocalState.EMPTY;
    private volatile @Nullable LocalFile localFile;
    private volatile @Nullable AdsClient ads;
    private final ExecutorService snapshotWriter = thread("culvert-snapshot");
    private final @Nullable StateSnapshots snapshots;
    private volatile @Nullable StartGate gate;
    private final Revocation revocation = new Revocation();
    private final Optional<RevocationFile> revocationFile;

    /** Makes everything, asks for nothing yet. */
    ControlSide(ProxyConfig config, Map<String, String> jsonMetadata, InstantSource clock) {
        this.config = config;
        this.jsonMetadata = jsonMetadata;
        this.control = new ControlThread(clock);
        this.grpc = new GrpcTransport(control);
        this.mesh = new MeshState(config.node().localNode());
        this.source = new CertificateSources(config, grpc, control, keyMaker).make(() -> endpoint(config.ca()));
        this.certificates = new CertificateManager(
                source.certificates(),
                TlsContexts.preparation(),
                config.own().renewalJitter() ? Renewal.AROUND_HALF_LIFE : Renewal.AT_HALF_LIFE,
                control,
                new SplittableRandom());
        if (config.features().mode() == ProxyConfig.Mode.SHARED) {
            // A dedicated proxy shows one certificate, which its first connection asks for.
            mesh.addListener(new CertificatePrefetch(certificates, control));
        }
        this.snapshots = stateSnapshots();
        this.revocationFile = Optional.of(config.credentials().crlPath())
                .filter(path -> !path.isEmpty())
                .map(path -> new RevocationFile(
                        Path.of(path),
                        revocation,
                        control,
                        snapshotWriter,
                        Runtime.getRuntime().maxMemory()));
    }

    /** Starts with its first task. */
    private static ExecutorService thread(String name) {
        return Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name(name).daemon(true).factory());
    }

    /**
     * Takes revocation lists and the state of the local file, if they are configured, and follows both from then on:
     * before anything else, so that they are there for the first connection.
     *
     * @throws InvalidLocalState naming the line that is wrong
     */
    void loadLocalState() throws InvalidLocalState {
        revocationFile.ifPresent(file -> {
            file.load();
            file.follow();
        });
        switch (config.local()) {
            case ProxyConfig.Local.None ignored -> {}
            case ProxyConfig.Local.File file -> {
                LocalFile followed = new LocalFile(file.path(), mesh, control, snapshotWriter);
                followed.load();
                followed.follow();
                localFile = followed;
            }
            case ProxyConfig.Local.Inline inline -> {
                inlineState = LocalState.parse(inline.yaml());
                inlineState.loadInto(mesh);
            }
        }
    }

    /** What of the local configuration is in force, for the dump: of a file that is broken, what it said last. */
    LocalState localState() {
        LocalFile followed = localFile;
        return followed != null ? followed.state() : inlineState;
    }

    /** Which certificates do not count any more. */
    Revocation revocation() {
        return revocation;
    }

    /** Where that is said, if anywhere. */
    Optional<RevocationFile> revocationFile() {
        return revocationFile;
    }

    /** The local file, if there is one. */
    Optional<LocalFile> localFile() {
        return Optional.ofNullable(localFile);
    }

    /**
     * Begins to follow the control plane.
     *
     * @param synced once, when its whole state has been accepted; at once if there is no control plane to follow
     */
    void start(AdsCounters counters, Runnable synced) {
        if (!config.xds().isEnabled()) {
            control.execute(synced);
            return;
        }
        ProxyConfig.Node node = config.node();
        XdsNode name = XdsNode.of(
                node.instanceIp(),
                node.podName(),
                node.podNamespace(),
                node.localNode(),
                config.proxyMetadata(),
                jsonMetadata);
        gate = new StartGate(control, synced);
        StartGate opening = gate;
        ads = AdsClient.start(
                new XdsConfig(endpoint(config.xds()), name, config.features().onDemandXds()),
                mesh,
                grpc,
                control,
                counters,
                snapshots == null ? StateKeeper.NONE : snapshots,
                opening::synced);
        if (snapshots != null && config.own().stateSnapshot() instanceof StateSnapshot.Kept kept) {
            StateSnapshots present = snapshots;
            control.schedule(kept.grace(), () -> present.restoredAsOf().ifPresent(asOf -> opening.graceOver(asOf)));
        }
    }

    /** Whether pods are served by kept state alone, the control plane having sent none yet. */
    boolean servingSnapshot() {
        StartGate present = gate;
        return present != null && present.servingSnapshot();
    }

    /** What keeps state for the next process, if anything does. */
    Optional<StateSnapshots> snapshots() {
        return Optional.ofNullable(snapshots);
    }

    private @Nullable StateSnapshots stateSnapshots() {
        return switch (config.own().stateSnapshot()) {
            case StateSnapshot.Off ignored -> null;
            case StateSnapshot.Kept kept ->
                new StateSnapshots(
                        new SnapshotConfig(
                                kept.file(),
                                new SnapshotConfig.Owner(
                                        config.node().localNode(), config.node().clusterId()),
                                kept.ageMax(),
                                kept.interval()),
                        control,
                        snapshotWriter);
        };
    }

    /** Runs a chore of the process on the control thread, again and again. */
    void every(Duration period, Runnable chore) {
        control.schedule(period, () -> {
            chore.run();
            every(period, chore);
        });
    }

    /** How to ask for single addresses; empty where the whole mesh is followed. */
    Optional<OnDemand> onDemand() {
        if (!config.features().onDemandXds() || !config.xds().isEnabled()) {
            return Optional.empty();
        }
        return Optional.of((key, listener) -> {
            AdsClient client = ads;
            if (client == null) {
                listener.refused();
            } else {
                client.demand(key, listener);
            }
        });
    }

    /** How the conversation with the control plane stands. From any thread. */
    AdsStatus xdsStatus() {
        AdsClient client = ads;
        return client == null ? AdsStatus.NONE : client.status();
    }

    MeshState mesh() {
        return mesh;
    }

    CertificateManager certificates() {
        return certificates;
    }

    private ControlPlaneEndpoint endpoint(ProxyConfig.ControlPlane service) {
        ControlPlaneEndpoint endpoint = ControlPlaneEndpoint.of(
                        service.address(),
                        roots(service.root()),
                        token(),
                        config.node().clusterId())
                .withHeaders(service.headers())
                .withTls(config.features().tls());
        return service.altHostname().isEmpty() ? endpoint : endpoint.withAlternativeHost(service.altHostname());
    }

    private static RootCertificates roots(ProxyConfig.RootCert root) {
        return switch (root) {
            case ProxyConfig.RootCert.File file -> new RootCertificates.InFile(file.path());
            case ProxyConfig.RootCert.SystemRoots ignored -> new RootCertificates.SystemDefault();
            case ProxyConfig.RootCert.Inline inline -> new RootCertificates.Inline(inline.pem());
        };
    }

    private Token token() {
        return switch (config.credentials().token()) {
            case ProxyConfig.Token.None ignored -> new Token.None();
            case ProxyConfig.Token.File file -> new Token.InFile(file.path());
            case ProxyConfig.Token.Literal literal -> new Token.Literal(literal.value());
        };
    }

    @Override
    public void close() {
        AdsClient client = ads;
        if (client != null) {
            client.close();
        }
        if (snapshots != null) {
            snapshots.close();
        }
        snapshotWriter.shutdown();
        certificates.close();
        source.close();
        // What was said so far is done on the control thread, and only then its connections end.
        control.close();
        grpc.close();
        keyMaker.shutdown();
    }
}
