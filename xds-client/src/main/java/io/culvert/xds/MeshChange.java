package io.culvert.xds;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.workload.Address;
import io.culvert.xds.mesh.MeshEdit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What one response asks for, applied resource by resource, so that neither all that was sent nor all that is made of
 * it is kept beside the mesh: removals, good resources, and the bad ones with their reasons. What was accepted and what
 * was not is known when it has been applied.
 */
public final class MeshChange {
    /** What is handed on at a time of what was accepted. */
    private static final int PIECE_BYTES = 256 * 1024;

    private final ResourceType type;
    private final Push push;
    private final HeldVersions accepted = new HeldVersions();
    private final Map<String, String> rejected = new LinkedHashMap<>();
    private final List<String> removed;
    private final List<String> unknown = new ArrayList<>();
    private int upserts;
    private long payloadBytes;

    private MeshChange(ResourceType type, Push push) {
        this.type = type;
        this.push = push;
        removed = new ArrayList<>(push.removed());
    }

    /** To be applied once, while the response can be read. What type it claims itself does not matter. */
    public static MeshChange of(ResourceType type, Push push) {
        return new MeshChange(type, push);
    }

    /** Removes these, too, though the response did not ask for it. */
    void alsoRemove(List<String> names) {
        removed.addAll(names);
    }

    /**
     * Removals before upserts.
     *
     * @throws UnreadableResponse if the response cannot be read to its end; the edit is then to be dropped
     */
    public void applyTo(MeshEdit edit) {
        for (String name : removed) {
            switch (type) {
                case ADDRESS -> {
                    if (!edit.removeAddress(name)) {
                        unknown.add(name);
                    }
                }
                case AUTHORIZATION -> edit.removePolicy(name);
            }
        }
        push.forEach(resource -> upsert(resource, edit));
        boolean anyApplied = upserts > 0 || !removed.isEmpty();
        if (type == ResourceType.AUTHORIZATION && (rejected.isEmpty() || anyApplied)) {
            edit.policiesChanged();
        }
    }

    private void upsert(Resource resource, MeshEdit edit) {
        try {
            put(resource, edit);
            upserts++;
            accepted.put(resource.getName(), resource.getVersion());
        } catch (BadResource e) {
            rejected.put(resource.getName(), String.valueOf(e.getMessage()));
        } catch (InvalidProtocolBufferException e) {
            rejected.put(resource.getName(), "decode: " + e.getMessage());
        }
    }

    private void put(Resource resource, MeshEdit edit) throws BadResource, InvalidProtocolBufferException {
        if (!resource.hasResource()) {
            throw new BadResource("XDS payload without resource");
        }
        Any payload = resource.getResource();
        payloadBytes += payload.getValue().size();
        switch (type) {
            case ADDRESS -> putAddress(resource.getName(), Address.parseFrom(payload.getValue()), edit);
            case AUTHORIZATION ->
                edit.putPolicy(
                        resource.getName(), PolicyConversion.policy(Authorization.parseFrom(payload.getValue())));
        }
    }

    private static void putAddress(String name, Address address, MeshEdit edit) throws BadResource {
        switch (address.getTypeCase()) {
            case WORKLOAD -> edit.putWorkload(AddressConversion.workload(name, address.getWorkload()));
            case SERVICE -> edit.putService(ServiceConversion.service(address.getService()));
            case TYPE_NOT_SET -> throw new BadResource("unknown address type");
        }
    }

    /** Names that were to be removed and were not there. */
    List<String> unknown() {
        return unknown;
    }

    /** The response as it was taken, in pieces: all that went, and what is good in it. */
    void forEachAccepted(Consumer<DeltaDiscoveryResponse> reader) {
        DeltaDiscoveryResponse.Builder piece = piece().addAllRemovedResources(removed);
        int[] bytes = new int[1];
        push.forEach(resource -> {
            if (rejected.containsKey(resource.getName())) {
                return;
            }
            piece.addResources(resource);
            bytes[0] += resource.getSerializedSize();
            if (bytes[0] >= PIECE_BYTES) {
                reader.accept(piece.build());
                piece.clear().setTypeUrl(push.typeUrl());
                bytes[0] = 0;
            }
        });
        reader.accept(piece.build());
    }

    private DeltaDiscoveryResponse.Builder piece() {
        return DeltaDiscoveryResponse.newBuilder().setTypeUrl(push.typeUrl());
    }

    /** Names and versions. */
    HeldVersions accepted() {
        return accepted;
    }

    /** Reason by name. */
    Map<String, String> rejected() {
        return rejected;
    }

    List<String> removed() {
        return removed;
    }

    long payloadBytes() {
        return payloadBytes;
    }
}
