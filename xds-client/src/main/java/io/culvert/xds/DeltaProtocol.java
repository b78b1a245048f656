package io.culvert.xds;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Node;
import io.culvert.proto.discovery.Status;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.snapshot.StateKeeper;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
 * <p>Both types are subscribed to by wildcard. The first sync is reached when each has been ACKed once; a NACKed first
 * response does not count.
 */
final class DeltaProtocol {
    private static final Logger LOG = LoggerFactory.getLogger(DeltaProtocol.class);

    /** A server takes requests of up to 4 MiB; this names several hundred resources, and logs stay readable. */
    private static final int REASONS_CHARS_MAX = 32 * 1024;

    private final Node node;
    private final MeshState mesh;
    private final AdsCounters counters;
    private final StateKeeper keeper;
    private final Map<ResourceType, Map<String, String>> versions = new EnumMap<>(ResourceType.class);
    private final Set<ResourceType> acked = EnumSet.noneOf(ResourceType.class);

    DeltaProtocol(Node node, MeshState mesh, AdsCounters counters) {
        this(node, mesh, counters, StateKeeper.NONE);
    }

    DeltaProtocol(Node node, MeshState mesh, AdsCounters counters, StateKeeper keeper) {
        this.keeper = keeper;
        this.node = node;
        this.mesh = mesh;
        this.counters = counters;
        for (ResourceType type : ResourceType.values()) {
            versions.put(type, new HashMap<>());
        }
    }

    /** For a new stream, in this order. */
    List<DeltaDiscoveryRequest> initialRequests() {
        return Stream.of(ResourceType.values())
                .map(type -> DeltaDiscoveryRequest.newBuilder()
                        .setNode(node)
                        .setTypeUrl(type.typeUrl())
                        .putAllInitialResourceVersions(held(type))
                        .build())
                .toList();
    }

    /** Applies a response; the answer is its ACK or NACK. */
    DeltaDiscoveryRequest respond(DeltaDiscoveryResponse response) {
        DeltaDiscoveryRequest.Builder answer = DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(response.getTypeUrl())
                .setResponseNonce(response.getNonce());
        ResourceType type = ResourceType.of(response.getTypeUrl()).orElse(null);
        if (type == null) {
            LOG.error("unknown resource type: {}", response.getTypeUrl());
            return answer.build();
        }
        MeshChange change = MeshChange.decode(type, response);
        counters.messageReceived(type.typeUrl(), change.payloadBytes());
        mesh.update(change::applyTo);
        Map<String, String> held = held(type);
        change.removed().forEach(held::remove);
        held.putAll(change.accepted());
        keeper.accepted(change.acceptedOf(response));
        if (change.rejected().isEmpty()) {
            acked.add(type);
            LOG.debug(
                    "{}: {} resources, {} removed",
                    type,
                    response.getResourcesCount(),
                    change.removed().size());
            return answer.build();
        }
        counters.resourcesRejected(type.typeUrl(), change.rejected().size());
        String reasons = reasons(change.rejected());
        LOG.warn(
                "rejected {} of {} resources of type {}: {}",
                change.rejected().size(),
                response.getResourcesCount(),
                type.typeUrl(),
                reasons);
        return answer.setErrorDetail(Status.newBuilder().setMessage(reasons)).build();
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
        MeshChange change = MeshChange.decode(type, kept);
        mesh.update(change::applyTo);
        held(type).putAll(change.accepted());
        if (!change.rejected().isEmpty()) {
            LOG.warn("kept resources of type {} are not taken: {}", type.typeUrl(), reasons(change.rejected()));
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

    private Map<String, String> held(ResourceType type) {
        return Objects.requireNonNull(versions.get(type));
    }

    /** Whether each type was ACKed once; stays so. */
    boolean synced() {
        return acked.size() == ResourceType.values().length;
    }
}
