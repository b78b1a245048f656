package io.culvert.testkit.controlplane;

import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshResources;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.ScaleMesh;
import io.grpc.Server;
import io.grpc.Status;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A control plane that runs: delta ADS and certificate authority on one TLS port. All verbs may be called from any
 * thread but Netty's and the control thread itself; those that change something return when every stream has been
 * handed the change.
 */
public final class ControlPlane implements AutoCloseable {
    private static final long STOP_SECONDS_MAX = 5;

    private final ControlThread thread;
    private final Server server;
    private final DiscoveryService discovery;
    private final CertificateService certificates;
    private final ServerIdentity identity;
    private final CertificateAuthority authority;
    private final ProxyTokens tokens;
    private final EventLog events;
    private final Transport transport;

    private ControlPlane(
            ControlThread thread,
            Server server,
            DiscoveryService discovery,
            CertificateService certificates,
            ServerIdentity identity,
            CertificateAuthority authority,
            ProxyTokens tokens,
            EventLog events,
            Transport transport) {
        this.thread = thread;
        this.server = server;
        this.discovery = discovery;
        this.certificates = certificates;
        this.identity = identity;
        this.authority = authority;
        this.tokens = tokens;
        this.events = events;
        this.transport = transport;
    }

    /** A control plane on a free port of the loopback interface, unless told otherwise. */
    public static ControlPlaneBuilder builder() {
        return new ControlPlaneBuilder();
    }

    static ControlPlane start(ControlPlaneBuilder settings) throws IOException {
        ControlThread thread = new ControlThread();
        Transport transport = new Transport();
        try {
            EventLog events = new EventLog();
            ResourceStore store = new ResourceStore();
            DiscoveryService discovery = new DiscoveryService(store, events, thread);
            CertificateService certificates =
                    new CertificateService(settings.certificates(), new StoredPlacement(store), events, thread);
            ServerIdentity identity = settings.serverIdentity();
            Server server = transport
                    .serverBuilder(settings.listening(), identity)
                    .executor(thread.executor())
                    .intercept(new CallerCheck(settings.tokens(), events))
                    .addService(discovery)
                    .addService(certificates)
                    .build()
                    .start();
            return new ControlPlane(
                    thread,
                    server,
                    discovery,
                    certificates,
                    identity,
                    settings.authority(),
                    settings.tokens(),
                    events,
                    transport);
        } catch (IOException | RuntimeException e) {
            transport.close();
            thread.close();
            throw e;
        }
    }

    /** Where it listens, with the port that it has. */
    public InetSocketAddress address() {
        return (InetSocketAddress) server.getListenSockets().getFirst();
    }

    public CertificateAuthority authority() {
        return authority;
    }

    /** What goes wrong with responses; the subject of a fault is the name of the resource type. */
    public FaultPlan<DiscoveryFault> discoveryFaults() {
        return discovery.faults();
    }

    /** Whether requests are left unread from now on, on every stream: open in one direction alone. */
    public void deaf(boolean value) {
        thread.run(() -> discovery.deaf(value));
    }

    /** What goes wrong with certificates; the subject of a fault is the identity that is asked for. */
    public FaultPlan<CertificateFault> certificateFaults() {
        return certificates.faults();
    }

    /** Presents another certificate of its own to those who connect from now on, by whatever root signs now. */
    public void renewServerCertificate() {
        identity.renew();
    }

    /**
     * The same by an authority whose clock differs.
     *
     * @param ahead negative: it lags
     */
    public void renewServerCertificate(Duration ahead, Duration lifetime) {
        identity.renew(ahead, lifetime);
    }

    public ProxyTokens tokens() {
        return tokens;
    }

    public EventLog events() {
        return events;
    }

    /** Changes what is said, as one push. */
    public void edit(Consumer<ResourceEdit> changes) {
        thread.run(() -> {
            changes.accept(new ResourceEdit(discovery.store()));
            discovery.push();
        });
    }

    /** Says this mesh from now on, and nothing else. */
    public void serve(MeshResources mesh) {
        edit(edit -> edit.replace(mesh.addresses(), mesh.authorizations()));
    }

    /** Says this mesh from now on, and nothing else: every pod that belongs to the mesh as reachable by HBONE. */
    public void serve(MeshSpec mesh, AddressPlan plan) {
        serve(MeshResources.of(mesh, plan));
    }

    /** Says this mesh from now on, and nothing else. */
    public void serve(ScaleMesh mesh) {
        edit(edit -> edit.replace(mesh.addresses(), mesh.authorizations()));
    }

    /** Lets time pass, in reality; the control plane goes on meanwhile. */
    void pause(Duration duration) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        thread.later(duration, over::countDown);
        over.await();
    }

    /** How many discovery streams are open. */
    public int streams() {
        return thread.call(discovery::streams);
    }

    /** Ends every discovery stream with a status; proxies come back by themselves. */
    public void closeStreams(Status status) {
        thread.run(() -> discovery.closeStreams(status));
    }

    /** Ends all streams and closes the port. Idempotent. */
    @Override
    public void close() {
        server.shutdownNow();
        try {
            if (!server.awaitTermination(STOP_SECONDS_MAX, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the gRPC server did not stop within " + STOP_SECONDS_MAX + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            transport.close();
            thread.close();
        }
    }
}
