package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Streams between the client and {@link SimulatedServer}, on which everything goes wrong that a network, a server and a
 * proxy between them can bring about: latency, slowness of an hour, connections that lead nowhere, ends of every kind,
 * types that overtake each other, responses twice, responses of streams that are no more, requests refused for their
 * size. Within one type order is kept, as HTTP/2 keeps it; what is lost is lost with all that follows.
 */
final class SimulatedWire implements AdsTransport {
    private static final Status.Code[] CODES = {
        Status.Code.UNKNOWN,
        Status.Code.CANCELLED,
        Status.Code.UNAVAILABLE,
        Status.Code.INTERNAL,
        Status.Code.RESOURCE_EXHAUSTED,
        Status.Code.UNAUTHENTICATED,
        Status.Code.DEADLINE_EXCEEDED
    };

    private final SimulatedLoop loop;
    private final SimulatedServer server;
    private final DeliveredState delivered;
    private final SplittableRandom random;
    private final int requestBytesMax;
    private boolean faulty = true;
    private boolean unreachable;
    private boolean slow;
    private @Nullable Link current;

    SimulatedWire(
            SimulatedLoop loop,
            SimulatedServer server,
            DeliveredState delivered,
            SplittableRandom random,
            int requestBytesMax) {
        this.loop = loop;
        this.server = server;
        this.delivered = delivered;
        this.random = random;
        this.requestBytesMax = requestBytesMax;
    }

    /** All is well from now on, also on the stream that is open. */
    void heal() {
        faulty = false;
        unreachable = false;
        slow = false;
    }

    void unreachable(boolean value) {
        unreachable = value;
    }

    void slow(boolean value) {
        slow = value;
    }

    /** Tells what changed to whoever is connected. */
    void push() {
        if (current != null) {
            current.push();
        }
    }

    void disconnect() {
        if (current != null) {
            current.end(end(current));
        }
    }

    private StreamEnd end(Link link) {
        if (!link.answered) {
            return new StreamEnd.NotConnected("simulated");
        }
        return random.nextInt(3) == 0
                ? new StreamEnd.Completed()
                : new StreamEnd.Failed(CODES[random.nextInt(CODES.length)], "simulated");
    }

    private boolean dice(int oneIn) {
        return faulty && random.nextInt(oneIn) == 0;
    }

    private Duration latency() {
        if (slow) {
            return Duration.ofSeconds(random.nextInt(3_600));
        }
        return Duration.ofMillis(random.nextInt(faulty ? 2_000 : 50));
    }

    @Override
    public AdsStream open(AdsListener listener) {
        Link link = new Link(listener);
        current = link;
        if (unreachable || dice(8)) {
            link.nowhere = true;
            if (!dice(4)) {
                loop.schedule(latency(), () -> link.end(new StreamEnd.NotConnected("refused")));
            }
        } else {
            loop.schedule(Duration.ofMillis(random.nextInt(50)), link::connect);
        }
        return link;
    }

    /** One stream. */
    private final class Link implements AdsStream {
        private final AdsListener listener;
        private final Map<ResourceType, SimulatedServer.Subscription> subscriptions = new EnumMap<>(ResourceType.class);
        private final Map<ResourceType, Long> busyUntil = new EnumMap<>(ResourceType.class);
        /** Types whose first answer is the whole of what there is, and has not come. */
        private final Set<ResourceType> wholes = EnumSet.noneOf(ResourceType.class);
        /** Responses that are to be answered, in the order of delivery. */
        private final Deque<DeltaDiscoveryResponse> unanswered = new ArrayDeque<>();

        private boolean nowhere;
        private boolean alive = true;
        private boolean answered;
        private boolean lossy;
        private long requestsUntil;

        Link(AdsListener listener) {
            this.listener = listener;
        }

        void connect() {
            if (alive) {
                listener.connected("simulated");
            }
        }

        @Override
        public void send(DeltaDiscoveryRequest request) {
            assertThat(alive).as("a request on a stream that has ended").isTrue();
            if (!request.getResponseNonce().isEmpty()) {
                delivered.check(unanswered.remove(), request);
            } else if (request.hasNode()) {
                delivered.checkRepeated(request);
            }
            if (nowhere) {
                return;
            }
            requestsUntil = Math.max(requestsUntil, loop.nanos() + latency().toNanos());
            loop.schedule(Duration.ofNanos(requestsUntil - loop.nanos()), () -> arrive(request));
        }

        private void arrive(DeltaDiscoveryRequest request) {
            if (!alive) {
                return;
            }
            if (request.getSerializedSize() > requestBytesMax) {
                end(new StreamEnd.NotConnected("RESOURCE_EXHAUSTED: grpc: received message larger than max ("
                        + request.getSerializedSize() + " vs. " + requestBytesMax + ")"));
                return;
            }
            ResourceType type = ResourceType.of(request.getTypeUrl()).orElseThrow();
            SimulatedServer.Subscription known = subscriptions.get(type);
            if (known == null) {
                SimulatedServer.Subscription fresh = server.subscription(type, request);
                subscriptions.put(type, fresh);
                if (fresh.wildcard() && request.getInitialResourceVersionsCount() == 0) {
                    wholes.add(type);
                }
                say(type, fresh.difference(true));
            } else if (request.getResourceNamesSubscribeCount() > 0) {
                known.subscribe(request.getResourceNamesSubscribeList());
                say(type, known.difference(true));
            }
        }

        void push() {
            subscriptions.forEach((type, subscription) -> say(type, subscription.difference(false)));
        }

        private void say(ResourceType type, @Nullable DeltaDiscoveryResponse response) {
            if (response == null || lossy) {
                return;
            }
            if (dice(20)) {
                lossy = true;
                loop.schedule(latency(), () -> end(SimulatedWire.this.end(this)));
                return;
            }
            int times = dice(10) ? 2 : 1;
            for (int i = 0; i < times; i++) {
                long due = Math.max(
                        busyUntil.getOrDefault(type, 0L),
                        loop.nanos() + latency().toNanos());
                busyUntil.put(type, due);
                loop.schedule(Duration.ofNanos(due - loop.nanos()), () -> deliver(type, response));
            }
        }

        private void deliver(ResourceType type, DeltaDiscoveryResponse response) {
            if (alive) {
                answered = true;
                delivered.apply(type, response, wholes.remove(type));
                unanswered.add(response);
            } else if (!faulty) {
                return;
            }
            // Of a stream that is no more the client must not hear, whoever still speaks.
            listener.received(Pushes.onTheWire(response));
        }

        void end(StreamEnd end) {
            if (alive) {
                alive = false;
                listener.ended(end);
            } else if (dice(2)) {
                listener.ended(end);
            }
        }

        @Override
        public void cancel() {
            alive = false;
        }
    }
}
