package io.culvert.xds;

import java.time.Instant;
import java.util.Map;

/**
 * How the conversation with the control plane stands, for metrics and for people. Immutable, for any thread.
 *
 * @param connection whether there is a stream
 * @param server the address behind the stream, as far as it is known; empty without one
 * @param since when the connection came into this state, by the wall clock
 * @param streams how many streams were opened so far
 * @param lastFailure why the last stream ended; empty if none has
 * @param lastResponses when the last response of each type came, by the wall clock; by type URL
 * @param types by type URL
 */
public record AdsStatus(
        Connection connection,
        String server,
        Instant since,
        long streams,
        String lastFailure,
        Map<String, Instant> lastResponses,
        Map<String, TypeStatus> types) {
    /** Nothing was tried yet, or there is no control plane to talk to. */
    public static final AdsStatus NONE =
            new AdsStatus(Connection.WAITING, "", Instant.EPOCH, 0, "", Map.of(), Map.of());

    public AdsStatus {
        lastResponses = Map.copyOf(lastResponses);
        types = Map.copyOf(types);
    }

    /** Whether there is a stream. */
    public enum Connection {
        /** None; another one will be tried in a while. */
        WAITING,
        /** It is being opened; the server has not been reached yet. */
        CONNECTING,
        /** The server was reached. */
        CONNECTED
    }

    /**
     * What was said about one type.
     *
     * @param held resources that are in use
     * @param responses all that came; each was ACKed or NACKed
     * @param added resources that were taken, new or changed
     * @param removed names that the server removed
     * @param resyncs how often everything was asked for anew: too many names to repeat, or a new state snapshot
     * @param version what the server called the state that it sent last
     * @param nonce of the last response
     * @param rejected how many resources the server has and this proxy could not use
     * @param reasons why, by name; at most {@value RejectedResources#KEPT_MAX} of them
     */
    public record TypeStatus(
            int held,
            long responses,
            long nacks,
            long added,
            long removed,
            long resyncs,
            String version,
            String nonce,
            int rejected,
            Map<String, String> reasons) {}
}
