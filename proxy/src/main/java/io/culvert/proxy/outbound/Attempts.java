package io.culvert.proxy.outbound;

import io.culvert.proxy.hbone.OpenFailure;
import io.culvert.proxy.pod.DialRetries;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.proxy.routing.OutboundDecision;
import io.culvert.proxy.routing.Shunned;
import io.culvert.xds.mesh.Workload;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints that one outbound connection tries, one after the other. Nothing of the application's has been sent
 * while there is still one to try, so that none of them has seen more than a connection that came and went.
 */
final class Attempts {
    /** No further endpoint is tried for an application that has waited so long: most have given up by then. */
    private static final long WITHIN_NANOS = TimeUnit.SECONDS.toNanos(15);

    private final PodLoop pod;
    private final DialRetries settings;
    private final long begunNanos;
    private Attempt current = Attempt.NONE;
    private @Nullable Tried tried;
    private boolean retried;

    Attempts(PodLoop pod, long begunNanos) {
        this.pod = pod;
        this.settings = pod.services().retries();
        this.begunNanos = begunNanos;
    }

    /** This is tried now. */
    void begin(OutboundDecision way) {
        current = Attempt.of(way);
    }

    /** The plain dial failed: what to try next, decided by {@code router}; empty: nothing. */
    Optional<OutboundDecision> afterDial(TcpDial.DialFailure failure, Function<Shunned, OutboundDecision> router) {
        return next(Attempt.isEndpointsFault(failure), router);
    }

    /**
     * The same of a tunnel.
     *
     * @param nextHop whether it was the next hop that failed, and not somebody behind a gateway
     */
    Optional<OutboundDecision> afterTunnel(
            OpenFailure failure, boolean nextHop, Function<Shunned, OutboundDecision> router) {
        return next(nextHop && current.isEndpointsFault(failure), router);
    }

    private Optional<OutboundDecision> next(boolean endpointsFault, Function<Shunned, OutboundDecision> router) {
        Workload hop = current.hop();
        if (!endpointsFault || hop == null) {
            return Optional.empty();
        }
        if (pod.ejections().failed(hop, current.port())) {
            settings.ejected();
        }
        Tried soFar = tried == null ? new Tried(pod.ejections()) : tried;
        tried = soFar;
        soFar.add(hop, current.port());
        if (soFar.count() > settings.most() || pod.loop().nanoTime() - begunNanos >= WITHIN_NANOS) {
            return Optional.empty();
        }
        OutboundDecision next = router.apply(soFar);
        if (!Attempt.of(next).isNewTo(soFar)) {
            return Optional.empty();
        }
        retried = true;
        return Optional.of(next);
    }

    /** The one that was tried last is there. */
    void served() {
        Workload hop = current.hop();
        if (hop != null) {
            pod.ejections().succeeded(hop, current.port());
        }
        count(true);
    }

    /** The connection ends without having been served. */
    void gaveUp() {
        count(false);
    }

    private void count(boolean served) {
        if (retried) {
            retried = false;
            settings.ended(served);
        }
    }
}
