package io.culvert.proxy.relay;

import java.util.Optional;

/** How a relay ended, direction by direction. */
public record RelayEnd(HalfEnd toUpstream, HalfEnd toDownstream) {
    /** The failure as the original words it ("send" is the direction to upstream); empty for a normal end. */
    public Optional<String> error() {
        return toUpstream
                .error()
                .map(text -> "send: " + text)
                .or(() -> toDownstream.error().map(text -> "receive: " + text));
    }

    /** Why this side ended it, if it did. */
    public Optional<EndReason> stopped() {
        if (toUpstream instanceof HalfEnd.Stopped up) {
            return Optional.of(up.reason());
        }
        return toDownstream instanceof HalfEnd.Stopped down ? Optional.of(down.reason()) : Optional.empty();
    }

    /** Learns the end of a relay, exactly once, on its loop; both sides are closed by then. */
    @FunctionalInterface
    public interface RelayListener {
        void onRelayEnd(RelayEnd end);
    }
}
