package io.culvert.xds;

import io.culvert.xds.AdsCounters.Termination;
import io.culvert.xds.AdsTransport.StreamEnd;
import java.time.Duration;
import java.util.List;

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

    private static final List<String> CONNECTION_ENDED = List.of(
            "transport is closing",
            "received prior goaway",
            "GOAWAY",
            "Network closed for unknown reason",
            "io exception");

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

    /** The end of a connection in the words of tonic, which the original has, and of gRPC for Java. */
    private static boolean invites(StreamEnd.Failed failed) {
        return switch (failed.code()) {
            case UNKNOWN, CANCELLED, DEADLINE_EXCEEDED -> true;
            case UNAVAILABLE -> CONNECTION_ENDED.stream().anyMatch(failed.reason()::contains);
            case OK,
                    INVALID_ARGUMENT,
                    NOT_FOUND,
                    ALREADY_EXISTS,
                    PERMISSION_DENIED,
                    RESOURCE_EXHAUSTED,
                    FAILED_PRECONDITION,
                    ABORTED,
                    OUT_OF_RANGE,
                    UNIMPLEMENTED,
                    INTERNAL,
                    DATA_LOSS,
                    UNAUTHENTICATED -> false;
        };
    }
}
