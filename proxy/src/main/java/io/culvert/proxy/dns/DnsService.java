package io.culvert.proxy.dns;

import io.culvert.linux.KernelException;
import io.culvert.proxy.inpod.PodSockets;
import io.culvert.proxy.pod.PodLoop;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the DNS proxies of all pods share, and where they are made. */
public final class DnsService {

    private static final Logger log = LoggerFactory.getLogger(DnsService.class);

    private final DnsSettings settings;
    private final MeshNames names;
    private final DnsMetrics metrics;
    private final Supplier<RandomGenerator> unpredictable;
    private boolean saidThatNobodyIsThere;

    /**
     * Nothing is opened yet.
     *
     * @param unpredictable for the ids under which resolvers are asked: nobody who sees some may guess the next. Called
     *     with the first query that needs one, on a data loop
     */
    public DnsService(DnsSettings settings, DnsMetrics metrics, Supplier<RandomGenerator> unpredictable) {
        this.settings = settings;
        this.names = new MeshNames(settings.clusterDomain(), settings.preferredNamespace(), settings.ipv6());
        this.metrics = metrics;
        this.unpredictable = unpredictable;
    }

    /**
     * Binds the listeners of a pod, on the caller's thread.
     *
     * @throws KernelException if one cannot be bound; then none is
     */
    public DnsListeners bind(PodSockets sockets) throws KernelException {
        return DnsListeners.bind(sockets, settings.address(), settings.ipv6());
    }

    /**
     * Serves them on the loop of {@code share}, as a member of it, from its next turn on. Reads resolv.conf on the
     * caller's thread.
     */
    public void serve(DnsListeners listeners, PodLoop share) {
        ResolvConf resolvers = resolvers();
        log.atInfo()
                .addKeyValue("address", settings.address())
                .addKeyValue("component", "dns")
                .log("starting local DNS server");
        share.loop().post(() -> {
            if (!share.isOpen()) {
                listeners.close();
                return;
            }
            AskingPod pod = AskingPod.of(share.pod());
            DnsServer server = new DnsServer(pod, share.loop(), share.random(), this, resolvers, share::leave);
            share.enter(server);
            server.begin(listeners);
        });
    }

    /** What the file says now; that it is of no use is said once, not for each pod. */
    private synchronized ResolvConf resolvers() {
        ResolvConf read = ResolvConf.read(settings.resolvConf());
        if (read.servers().isEmpty() && !saidThatNobodyIsThere) {
            log.warn(
                    "no nameserver in {}: names that the mesh does not know are answered with SERVFAIL; put the"
                            + " cluster's DNS server there, or point CULVERT_RESOLV_CONF to a file that has it; pods"
                            + " that start then will use it",
                    settings.resolvConf());
        }
        saidThatNobodyIsThere = read.servers().isEmpty();
        return read;
    }

    MeshNames names() {
        return names;
    }

    DnsMetrics metrics() {
        return metrics;
    }

    int unpredictableId() {
        return unpredictable.get().nextInt() & 0xffff;
    }
}
