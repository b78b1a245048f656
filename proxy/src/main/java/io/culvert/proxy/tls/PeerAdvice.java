package io.culvert.proxy.tls;

import io.culvert.xds.channel.RepeatedFailure;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Says beside the access log, whose words are the original's and name the cause alone, what to do about peers that are
 * turned away. However often a peer tries, there is one line for each fault and {@linkplain RepeatedFailure span}. One
 * loop's own.
 */
final class PeerAdvice {
    private final Map<PeerFault, RepeatedFailure> told = new EnumMap<>(PeerFault.class);

    /** The line to be logged now; empty if it was lately. */
    Optional<String> on(PeerFault fault, Instant now) {
        String line = fault.inWords();
        RepeatedFailure failure = told.computeIfAbsent(fault, unknown -> new RepeatedFailure());
        return failure.isNews(line, now) ? Optional.of(line + failure.count()) : Optional.empty();
    }
}
