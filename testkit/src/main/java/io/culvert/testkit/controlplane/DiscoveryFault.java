package io.culvert.testkit.controlplane;

import io.grpc.Status;
import java.time.Duration;

/** What a discovery server can do wrong with a response; the subject of a plan is the name of the resource type. */
public sealed interface DiscoveryFault {
    /** The response is never sent, though the server believes that it was. */
    record Drop() implements DiscoveryFault {}

    /** It is sent later, and so is everything behind it on its stream. */
    record Delay(Duration duration) implements DiscoveryFault {}

    /** It is kept back until the plan is cleared, and so is everything behind it on its stream. */
    record Mute() implements DiscoveryFault {}

    /** It is sent twice, with the same nonce. */
    record Duplicate() implements DiscoveryFault {}

    /** It bears the nonce of the response before it. */
    record RepeatNonce() implements DiscoveryFault {}

    /** It goes out after the next response of its stream. */
    record Swap() implements DiscoveryFault {}

    /** Its versions are none that this server would know again: as of a server of another release. */
    record SkewVersions() implements DiscoveryFault {}

    /** One more resource is in it, which must be NACKed. */
    record Spoil(Unusable kind) implements DiscoveryFault {}

    /** Before it goes a response of a type that nobody asked for. */
    record UnknownType() implements DiscoveryFault {}

    /** In its place go bytes that are no message. */
    record Garbage() implements DiscoveryFault {}

    /** It is filled up to so many bytes, or a little more than it has, with something that nobody knows. */
    record Oversized(int bytes) implements DiscoveryFault {}

    /** In its place the stream ends; with OK it ends as streams do. */
    record End(Status status) implements DiscoveryFault {}
}
