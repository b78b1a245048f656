package io.culvert.xds;

import io.culvert.xds.AdsCounters.Termination;
import io.culvert.xds.AdsTransport.StreamEnd;
import io.grpc.Status;
import java.time.Duration;

/**
 * How long to wait before the next stream (ztunnel xds/client.rs:run_loop), by how the last one ended:
 *
 * <pre>
 * not connected                                  twice the last wait        ConnectionError
 * UNKNOWN, CANCELLED, DEADLINE_EXCEEDED,
 *   UNAVAILABLE that speaks of a closing
 *   transport or GOAWAY                          the shortest wait          Reconnect
 * any other status                               twice the last wait        Error
 * completed, something had come                  none                       Complete
 * completed, nothing had come                    twice the last wait        Complete
 * </pre>
 *
 * The last row is ours: a server that hangs up at once would otherwise be called without end. After a doubling the wait
 * stays long until a stream ends in one of the ways that mean "come again", as the original has it.
 */
final class ReconnectDelay {
    static final Duration SHORTEST = Duration.ofMillis(10);
    static final Duration LONGEST = Duration.ofSeconds(15);

    private Duration current = SHORTEST;

    /** The wait and what to count. */
    record Next(Duration delay, Termination reason) {}

    Next after(StreamEnd end, boolean anythingReceived) {
        return switch (end) {
            case StreamEnd.NotConnected ignored -> new Next(doubled(), Termination.CONNECTION_ERROR);
            case StreamEnd.Failed failed
            when invites(failed) -> {
                current = SHORTEST;
                yield new Next(SHORTEST, Termination.RECONNECT);
            }
            case StreamEnd.Failed ignored -> new Next(doubled(), Termination.ERROR);
            case StreamEnd.Completed ignored ->
                new Next(anythingReceived ? Duration.ZERO : doubled(), Termination.COMPLETE);
        };
    }

    private Duration doubled() {
        Duration twice = current.multipliedBy(2);
        current = twice.compareTo(LONGEST) > 0 ? LONGEST : twice;
        return current;
    }

    /** gRPC for Java words the end of a connection differently from tonic; both are meant. */
    private static boolean invites(StreamEnd.Failed failed) {
        Status.Code code = failed.code();
        boolean transient_ =
                code == Status.Code.UNKNOWN || code == Status.Code.CANCELLED || code == Status.Code.DEADLINE_EXCEEDED;
        String reason = failed.reason();
        boolean goingAway = reason.contains("transport is closing")
                || reason.contains("received prior goaway")
                || reason.contains("GOAWAY received")
                || reason.contains("Network closed for unknown reason");
        return transient_ || (code == Status.Code.UNAVAILABLE && goingAway);
    }
}
