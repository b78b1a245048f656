package io.culvert.proxy.rbac;

import io.culvert.xds.mesh.MeshListener;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The admitted inbound connections of the process. When policies change, each is judged again, and those that are now
 * denied are closed (ztunnel proxy/connection_manager.rs).
 *
 * <p>A connection registers <em>before</em> it is judged: then either its own judgement sees the new policies, or it is
 * in the registry when they are applied. It is judged by the workload that it was accepted with; a change of the
 * workload closes nothing.
 *
 * <p>Loops register and leave; the control thread re-evaluates, and closes through {@link Handle}, which posts to the
 * owning loop.
 */
public final class InboundConnections {

    private static final Logger log = LoggerFactory.getLogger("io.culvert.proxy.inbound.ConnectionManager");

    private final Authorizer authorizer;
    private final Set<Registration> registered = ConcurrentHashMap.newKeySet();

    public InboundConnections(Authorizer authorizer, MeshState mesh) {
        this.authorizer = authorizer;
        mesh.addListener(new MeshListener() {
            @Override
            public void policiesChanged(MeshSnapshot snapshot) {
                reevaluate(snapshot);
            }
        });
    }

    /** One connection, as the control thread may reach it. */
    @FunctionalInterface
    public interface Handle {
        /**
         * Ends the connection with {@code ProxyError.PolicyChanged}. Called on the control thread: it posts to the
         * connection's loop and returns. May come after the connection has ended by itself, and then does nothing.
         */
        void closeForPolicyChange();
    }

    /**
     * Enters a connection. To be called before {@link Authorizer#evaluate}, and undone by {@link Registration#leave}
     * whatever the verdict.
     */
    public Registration register(
            Call call, Workload destination, String forwardedHost, PodConnections pod, Handle handle) {
        Registration registration = new Registration(call, destination, forwardedHost, pod, handle);
        registered.add(registration);
        pod.addInbound(registration);
        return registration;
    }

    private void reevaluate(MeshSnapshot snapshot) {
        authorizer.retain(snapshot);
        for (Registration one : registered) {
            if (authorizer.evaluate(snapshot, one.destination, one.call) instanceof Verdict.Denied) {
                log.info(
                        "connection {}({})->{} ({}) closed because it's no longer allowed after a policy update",
                        one.call.source(),
                        one.call.peer() instanceof Peer.Identified peer ? peer.identity() : "None",
                        one.call.destination(),
                        one.destination.uid());
                one.handle.closeForPolicyChange();
            }
        }
    }

    public int count() {
        return registered.size();
    }

    /** Snapshot for tests and dumps. */
    List<Registration> registrations() {
        return List.copyOf(registered);
    }

    /** A connection's place in the registry. */
    public final class Registration {
        private final Call call;
        private final Workload destination;
        private final String forwardedHost;
        private final PodConnections pod;
        private final Handle handle;

        private Registration(Call call, Workload destination, String forwardedHost, PodConnections pod, Handle handle) {
            this.call = call;
            this.destination = destination;
            this.forwardedHost = forwardedHost;
            this.pod = pod;
            this.handle = handle;
        }

        public Call call() {
            return call;
        }

        /** Of the caller's {@code forwarded} header; empty if there is none. */
        public String forwardedHost() {
            return forwardedHost;
        }

        /** Leaves the registry; more than once does nothing. */
        public void leave() {
            registered.remove(this);
            pod.removeInbound(this);
        }
    }
}
