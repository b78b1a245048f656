package io.culvert.proxy.outbound;

import io.culvert.linux.Errno;
import io.culvert.proxy.hbone.OpenFailure;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.proxy.routing.OutboundDecision;
import io.culvert.xds.mesh.Workload;
import org.jspecify.annotations.Nullable;

/** Which endpoint a connection tries, and whose fault a failure is. */
final class Attempt {

    static final Attempt NONE = new Attempt(null, 0, false);

    /** What a far proxy answers that could not reach its application. */
    private static final int UNAVAILABLE = 503;

    private final @Nullable Workload hop;
    private final int port;
    private final boolean direct;

    private Attempt(@Nullable Workload hop, int port, boolean direct) {
        this.hop = hop;
        this.port = port;
        this.direct = direct;
    }

    static Attempt of(OutboundDecision way) {
        return switch (way) {
            case OutboundDecision.Tcp tcp ->
                new Attempt(tcp.destination().workload(), tcp.nextHop().port(), true);
            case OutboundDecision.Hbone hbone -> {
                boolean direct = hbone.authority().ip().equals(hbone.nextHop().ip());
                int port = direct ? hbone.authority().port() : hbone.nextHop().port();
                yield new Attempt(hbone.destination().workload(), port, direct);
            }
            case OutboundDecision.DoubleHbone crossing ->
                new Attempt(
                        crossing.destination().workload(), crossing.nextHop().port(), false);
            case OutboundDecision.Unresolved unresolved -> new Attempt(unresolved.workload(), unresolved.port(), true);
            case OutboundDecision.Refused ignored -> NONE;
        };
    }

    /** What is dialled: an endpoint of the service, a waypoint or a gateway; null: nobody that is known. */
    @Nullable
    Workload hop() {
        return hop;
    }

    /** Its port, as the load balancer counts. */
    int port() {
        return port;
    }

    boolean isNewTo(Tried tried) {
        return hop != null && !tried.wasTried(hop, port);
    }

    /** Whether another endpoint may succeed: false if it is this node that cannot dial. */
    static boolean isEndpointsFault(TcpDial.DialFailure failure) {
        return switch (failure) {
            case TcpDial.TimedOut ignored -> true;
            case TcpDial.Failed failed ->
                switch (failed.errno()) {
                    case Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.ENOBUFS, Errno.EADDRNOTAVAIL, Errno.EPERM ->
                        false;
                    default -> true;
                };
        };
    }

    /**
     * The same of a tunnel. A refusal by policy is none; that an application could not be reached is its endpoint's
     * fault, unless a waypoint says it, which has chosen among all of them.
     */
    boolean isEndpointsFault(OpenFailure failure) {
        return switch (failure) {
            case OpenFailure.DialFailed dial -> isEndpointsFault(dial.failure());
            case OpenFailure.TlsFailed ignored -> true;
            case OpenFailure.ConnectionLost ignored -> true;
            case OpenFailure.Refused refused -> direct && refused.status() == UNAVAILABLE;
            case OpenFailure.CertificateUnavailable ignored -> false;
            case OpenFailure.Http2Failed ignored -> false;
            case OpenFailure.Revoked ignored -> false;
            case OpenFailure.Draining ignored -> false;
        };
    }
}
