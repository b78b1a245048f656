package io.culvert.xds;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Node;
import io.culvert.proto.discovery.Status;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.snapshot.StateKeeper;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delta ADS as a node proxy speaks it (ztunnel xds/client.rs): what to ask on a new stream, and what to answer to each
 * response. Pure bookkeeping, on the control thread; it outlives streams, for nothing is forgotten on disconnect.
 *
 * <p>Per type it remembers name and version of every resource that is held. A new stream starts by repeating them: the
 * server computes from these names what to remove, so that one left out would stay for ever. Of a response with bad
 * resources the good ones are applied and remembered; the bad ones keep their last good state and version, and the NACK
 * names each. Removals are applied in any case.
 *
 * <p>A server refuses requests over 4 MiB, some 40,000 names. Past a safe size nothing is repeated; the server then
 * sends everything, and what its first answer does not have is removed here. The original repeats them all and is
 * refused for ever.
 *
 * <p>Both types are subscribed to by wildcard, or addresses on demand alone. The first sync is reached when each
 * wildcard has been ACKed once; a NACKed first response does not count.
 */
final class DeltaProtocol {
    private static final Logger LOG = LoggerFactory.getLogger(DeltaProtocol.class);

    /** A server takes requests of up to 4 MiB; this names several hundred resources, and logs stay readable. */
    private static final int REASONS_CHARS_MAX = 32 * 1024;

    /** Three quarters of what istiod takes (ISTIO_GPRC_MAXRECVMSGSIZE, 4 MiB): what is counted here is not exact. */
    private static final long REQUEST_BYTES_MAX = 3L * 1024 * 1024;

    /** A server that refuses less than this refuses everything. */
    private static final long REQUEST_BYTES_LEAST = 64L * 1024;

    private static final String REMEDY = "Their last good state stays in use. Look for them in istiod's log: mend what"
            + " they are made from, or run a proxy and an istiod that know the same fields.";

    private static final String TOO_LARGE = "larger than max";
    private static final String WILDCARD = "*";

    private final Node node;
    private final MeshState mesh;
    private final AdsCounters counters;
    private final StateKeeper keeper;
    private final Subscription subscription;
    private final Demands demands = new Demands();
    private final Map<ResourceType, TypeState> types = new EnumMap<>(ResourceType.class);
    private long requestBytesMax = REQUEST_BYTES_MAX;
    /** Types of which everything was asked for anew, for the keeper's sake, and has not come. */
    private final Set<ResourceType> owed = EnumSet.noneOf(ResourceType.class);

    private boolean owedComplete;

    private List<OnDemand.Listener> answered = List.of();

    /** How addresses are subscribed to; policies always by wildcard. */
    enum Subscription {
        WILDCARD,
        ON_DEMAND
    }

    /** Follows everything. */
    DeltaProtocol(Node node, MeshState mesh, AdsCounters counters) {
        this(node, mesh, counters, Subscription.WILDCARD, StateKeeper.NONE);
    }

    DeltaProtocol(Node node, MeshState mesh, AdsCounters counters, Subscription subscription, StateKeeper keeper) {
        this.keeper = keeper;
        this.node = node;
        this.mesh = mesh;
        this.counters = counters;
        this.subscription = subscription;
        for (ResourceType type : ResourceType.values()) {
            types.put(type, new TypeState());
        }
    }

    private boolean onDemand(ResourceType type) {
        return type == ResourceType.ADDRESS && subscription == Subscription.ON_DEMAND;
    }

    /** With the next stream everything is asked for, whatever is held; the keeper is told when it has come. */
    void askAnew() {
        owedComplete = true;
        for (ResourceType type : ResourceType.values()) {
            // What is followed on demand has no whole: each name is asked for, and comes as it comes.
            if (!onDemand(type)) {
                owed.add(type);
            }
        }
    }

    /** For a new stream, in this order. */
    List<DeltaDiscoveryRequest> initialRequests() {
        List<DeltaDiscoveryRequest> requests = new ArrayList<>();
        List<DeltaDiscoveryRequest> more = new ArrayList<>();
        for (ResourceType type : ResourceType.values()) {
            DeltaDiscoveryRequest.Builder request =
                    DeltaDiscoveryRequest.newBuilder().setNode(node).setTypeUrl(type.typeUrl());
            if (onDemand(type)) {
                more = repeatOnDemand(request);
            } else {
                repeat(type, request);
            }
            requests.add(request.build());
        }
        requests.addAll(more);
        return requests;
    }

    private void repeat(ResourceType type, DeltaDiscoveryRequest.Builder request) {
        TypeState state = state(type);
        boolean fits = state.held().requestBytes() <= roomForNames();
        boolean repeated = fits && !owed.contains(type);
        state.begin(repeated);
        if (repeated) {
            state.held().forEach(request::putInitialResourceVersions);
        } else if (!fits) {
            LOG.info(
                    "{}: {} names are too many for one request; everything is asked for anew",
                    type,
                    state.held().size());
        }
    }

    private long roomForNames() {
        return requestBytesMax - node.getSerializedSize();
    }

    /**
     * What is held and what is waited for. What does not fit into the first request is subscribed to by further ones,
     * and is then sent again or said to be gone: without a subscription nothing would ever come. What is waited for is
     * subscribed to as well, for only that is sure to be answered: of something held in its present version (it came
     * while it was being asked for, or under another name) a server that is told the version says nothing.
     */
    private List<DeltaDiscoveryRequest> repeatOnDemand(DeltaDiscoveryRequest.Builder first) {
        // There is no way to subscribe to nothing; this comes closest, and is what the original says.
        first.addResourceNamesSubscribe(WILDCARD).addResourceNamesUnsubscribe(WILDCARD);
        TypeState state = state(ResourceType.ADDRESS);
        state.begin(true);
        Map<String, String> all = new LinkedHashMap<>();
        demands.keys().forEach(key -> all.put(key, ""));
        state.held().forEach(all::put);
        List<String> others = new ArrayList<>(demands.keys());
        long room = owed.isEmpty() ? roomForNames() : 0;
        for (var resource : all.entrySet()) {
            room -= HeldVersions.entryBytes(resource.getKey(), resource.getValue());
            if (room >= 0) {
                first.putInitialResourceVersions(resource.getKey(), resource.getValue());
            } else {
                others.add(resource.getKey());
            }
        }
        return subscriptions(others);
    }

    private List<DeltaDiscoveryRequest> subscriptions(List<String> names) {
        List<DeltaDiscoveryRequest> requests = new ArrayList<>();
        DeltaDiscoveryRequest.Builder next = subscribing();
        long room = requestBytesMax;
        for (String name : names) {
            long bytes = HeldVersions.entryBytes(name, "");
            if (room < bytes && next.getResourceNamesSubscribeCount() > 0) {
                requests.add(next.build());
                next = subscribing();
                room = requestBytesMax;
            }
            next.addResourceNamesSubscribe(name);
            room -= bytes;
        }
        if (next.getResourceNamesSubscribeCount() > 0) {
            requests.add(next.build());
        }
        return requests;
    }

    private static DeltaDiscoveryRequest.Builder subscribing() {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.ADDRESS.typeUrl());
    }

    /**
     * Waits for an address.
     *
     * @return what to send if there is a stream; empty if it has been asked for already or is refused
     */
    Optional<DeltaDiscoveryRequest> demand(String key, OnDemand.Listener listener) {
        if (subscription == Subscription.WILDCARD) {
            // Whatever is not known is not there.
            listener.answered();
            return Optional.empty();
        }
        if (demands.isFull() && !demands.waitsFor(key)) {
            listener.refused();
            return Optional.empty();
        }
        return demands.add(key, listener)
                ? Optional.of(subscribing().addResourceNamesSubscribe(key).build())
                : Optional.empty();
    }

    /**
     * A stream ended. If it was because a request was too large, less is sent from now on.
     *
     * @param reason in the words of grpc-go, of which istiod is made; our own limit for responses has other words
     */
    void ended(String reason) {
        if (reason.contains(TOO_LARGE)) {
            requestBytesMax = Math.max(REQUEST_BYTES_LEAST, requestBytesMax / 2);
            LOG.warn("the server takes no request of this size; at most {} bytes from now on", requestBytesMax);
        }
    }

    /** Applies one that is in memory as a whole. */
    DeltaDiscoveryRequest respond(DeltaDiscoveryResponse response) {
        return respond(Push.of(response));
    }

    /**
     * Applies a response; the answer is its ACK or NACK.
     *
     * @throws UnreadableResponse if it cannot be read to its end; nothing has changed then
     */
    DeltaDiscoveryRequest respond(Push push) {
        DeltaDiscoveryRequest.Builder answer =
                DeltaDiscoveryRequest.newBuilder().setTypeUrl(push.typeUrl()).setResponseNonce(push.nonce());
        ResourceType type = ResourceType.of(push.typeUrl()).orElse(null);
        if (type == null) {
            LOG.error("unknown resource type: {}", push.typeUrl());
            return answer.build();
        }
        TypeState state = state(type);
        MeshChange change = MeshChange.of(type, push);
        change.alsoRemove(state.missingFrom(push));
        mesh.update(change::applyTo);
        counters.messageReceived(type.typeUrl(), change.payloadBytes());
        state.applied(change, push, !onDemand(type));
        if (keeper.keeps()) {
            change.forEachAccepted(keeper::accepted);
        }
        if (owed.remove(type)) {
            owedComplete &= change.rejected().isEmpty();
            if (owed.isEmpty()) {
                keeper.toldAnew(owedComplete);
            }
        }
        // That an address which was asked for does not exist is an answer like any other.
        change.unknown().stream()
                .filter(name -> !demands.waitsFor(name))
                .forEach(name -> LOG.warn("asked to remove {}, which is not known", name));
        if (type == ResourceType.ADDRESS) {
            answered = demands.answeredBy(push);
        }
        if (change.rejected().isEmpty()) {
            LOG.debug(
                    "{}: {} resources, {} removed",
                    type,
                    push.resources(),
                    change.removed().size());
            return answer.build();
        }
        counters.resourcesRejected(type.typeUrl(), change.rejected().size());
        String reasons = reasons(change.rejected());
        LOG.warn(
                "rejected {} of {} resources of type {}: {}. {}",
                change.rejected().size(),
                push.resources(),
                type.typeUrl(),
                reasons,
                REMEDY);
        return answer.setErrorDetail(Status.newBuilder().setMessage(reasons)).build();
    }

    /** Who waited for the last response, to be told now that it is applied. Each is given out once. */
    List<OnDemand.Listener> takeAnswered() {
        List<OnDemand.Listener> taken = answered;
        answered = List.of();
        return taken;
    }

    /**
     * Takes what an earlier process held, before the first request: its versions are repeated like any others. What
     * this program does not take is not held, and the control plane sends it again.
     */
    void restore(DeltaDiscoveryResponse kept) {
        ResourceType type = ResourceType.of(kept.getTypeUrl()).orElse(null);
        if (type == null) {
            LOG.warn("a kept resource type is not known: {}", kept.getTypeUrl());
            return;
        }
        MeshChange change = MeshChange.of(type, Push.of(kept));
        mesh.update(change::applyTo);
        state(type).restored(change);
        if (!change.rejected().isEmpty()) {
            LOG.warn(
                    "kept resources of type {} are not taken: {}. The control plane is asked for them again.",
                    type.typeUrl(),
                    reasons(change.rejected()));
            keeper.accepted(DeltaDiscoveryResponse.newBuilder()
                    .setTypeUrl(type.typeUrl())
                    .addAllRemovedResources(change.rejected().keySet())
                    .build());
        }
    }

    /** "name: reason; name: reason", cut where the server would refuse the request for its size. */
    private static String reasons(Map<String, String> rejected) {
        StringBuilder text = new StringBuilder();
        for (var bad : rejected.entrySet()) {
            if (text.length() > REASONS_CHARS_MAX) {
                break;
            }
            text.append(text.isEmpty() ? "" : "; ")
                    .append(bad.getKey())
                    .append(": ")
                    .append(bad.getValue());
        }
        return text.length() <= REASONS_CHARS_MAX ? text.toString() : text.substring(0, REASONS_CHARS_MAX) + "...";
    }

    private TypeState state(ResourceType type) {
        return Objects.requireNonNull(types.get(type));
    }

    /** Whether each type that is subscribed to by wildcard was ACKed once; stays so. */
    boolean synced() {
        return Stream.of(ResourceType.values())
                .allMatch(type -> onDemand(type) || state(type).acked());
    }

    /** By type URL. */
    Map<String, AdsStatus.TypeStatus> status() {
        Map<String, AdsStatus.TypeStatus> status = new HashMap<>();
        types.forEach((type, state) -> status.put(type.typeUrl(), state.status()));
        return status;
    }
}
