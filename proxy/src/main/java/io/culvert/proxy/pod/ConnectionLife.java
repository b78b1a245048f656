package io.culvert.proxy.pod;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.relay.ByteMeter;
import io.culvert.proxy.telemetry.ConnectionFacts;
import io.culvert.proxy.telemetry.ConnectionScope;
import io.culvert.proxy.telemetry.Reporter;
import org.jspecify.annotations.Nullable;

/**
 * What every proxied connection keeps about itself: its place among the pod's members, its telemetry, and that it ends
 * once.
 *
 * <pre>
 *   begun --deniedEarly--> over            (a warning, no connection metrics)
 *   begun --opened--> counted --end--> over (metrics and access log)
 * </pre>
 */
public final class ConnectionLife implements ByteMeter {

    private final PodLoop pod;
    private final PodMember member;
    private final Reporter reporter;
    private final boolean ownsSocket;
    private @Nullable ConnectionScope scope;
    private boolean over;

    private ConnectionLife(PodLoop pod, PodMember member, Reporter reporter, boolean ownsSocket) {
        this.pod = pod;
        this.member = member;
        this.reporter = reporter;
        this.ownsSocket = ownsSocket;
    }

    /** Begins with an accepted socket, which the gauge of open sockets counts until the end. */
    public static ConnectionLife ofSocket(PodLoop pod, PodMember member, Reporter reporter) {
        pod.services().telemetry().metrics().socketOpened(reporter);
        pod.enter(member);
        return new ConnectionLife(pod, member, reporter, true);
    }

    /** Begins with a stream of a tunnel, whose socket is counted elsewhere. */
    public static ConnectionLife ofStream(PodLoop pod, PodMember member, Reporter reporter) {
        pod.enter(member);
        return new ConnectionLife(pod, member, reporter, false);
    }

    public boolean isOver() {
        return over;
    }

    /** The destination is known: counts the connection as opened. */
    public void opened(ConnectionFacts facts) {
        scope = pod.services().telemetry().opened(facts);
    }

    /** As {@link #opened}, for one whose work began at an earlier tick of its loop. */
    public void openedSince(long nanos, ConnectionFacts facts) {
        scope = pod.services().telemetry().openedAt(facts, nanos);
    }

    /** Ends before the connection was counted. */
    public void deniedEarly(IpPort source, IpPort destination, ProxyError error) {
        if (!over) {
            pod.services().telemetry().deniedEarly(reporter, source, destination, error);
            leave();
        }
    }

    /** Ends; the first caller names the outcome. */
    public void end(Outcome outcome) {
        if (over) {
            return;
        }
        if (scope != null) {
            scope.ended(outcome);
        }
        leave();
    }

    private void leave() {
        over = true;
        if (ownsSocket) {
            pod.services().telemetry().metrics().socketClosed(reporter);
        }
        pod.leave(member);
    }

    @Override
    public void toUpstream(int bytes) {
        if (scope != null) {
            scope.requestBytes(bytes);
        }
    }

    @Override
    public void toDownstream(int bytes) {
        if (scope != null) {
            scope.responseBytes(bytes);
        }
    }
}
