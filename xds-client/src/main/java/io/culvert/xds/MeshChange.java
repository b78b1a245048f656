package io.culvert.xds;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.workload.Address;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.MeshEdit;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What one response asks for: removals, good resources as edits, and the bad ones with their reasons. */
public final class MeshChange {
    private final ResourceType type;
    private final List<Consumer<MeshEdit>> upserts = new ArrayList<>();
    private final Map<String, String> accepted = new LinkedHashMap<>();
    private final Map<String, String> rejected = new LinkedHashMap<>();
    private final List<String> removed;
    private final List<String> unknown = new ArrayList<>();
    private long payloadBytes;

    private MeshChange(ResourceType type, List<String> removed) {
        this.type = type;
        this.removed = new ArrayList<>(removed);
    }

    /** Payloads are decoded as the stream's type; what type they claim themselves does not matter. */
    public static MeshChange decode(ResourceType type, DeltaDiscoveryResponse response) {
        MeshChange change = new MeshChange(type, response.getRemovedResourcesList());
        for (Resource resource : response.getResourcesList()) {
            try {
                change.upserts.add(change.upsert(resource));
                change.accepted.put(resource.getName(), resource.getVersion());
            } catch (BadResource e) {
                change.rejected.put(resource.getName(), String.valueOf(e.getMessage()));
            } catch (InvalidProtocolBufferException e) {
                change.rejected.put(resource.getName(), "decode: " + e.getMessage());
            }
        }
        return change;
    }

    private Consumer<MeshEdit> upsert(Resource resource) throws BadResource, InvalidProtocolBufferException {
        if (!resource.hasResource()) {
            throw new BadResource("XDS payload without resource");
        }
        Any payload = resource.getResource();
        payloadBytes += payload.getValue().size();
        return switch (type) {
            case ADDRESS -> address(resource.getName(), Address.parseFrom(payload.getValue()));
            case AUTHORIZATION -> {
                AuthorizationPolicy policy = PolicyConversion.policy(Authorization.parseFrom(payload.getValue()));
                yield edit -> edit.putPolicy(resource.getName(), policy);
            }
        };
    }

    private static Consumer<MeshEdit> address(String name, Address address) throws BadResource {
        return switch (address.getTypeCase()) {
            case WORKLOAD -> {
                Workload workload = AddressConversion.workload(name, address.getWorkload());
                yield edit -> edit.putWorkload(workload);
            }
            case SERVICE -> {
                Service service = ServiceConversion.service(address.getService());
                yield edit -> edit.putService(service);
            }
            case TYPE_NOT_SET -> throw new BadResource("unknown address type");
        };
    }

    /** Removes these, too, though the response did not ask for it. */
    void alsoRemove(List<String> names) {
        removed.addAll(names);
    }

    /** Removals before upserts. */
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
        upserts.forEach(upsert -> upsert.accept(edit));
        boolean anyApplied = !upserts.isEmpty() || !removed.isEmpty();
        if (type == ResourceType.AUTHORIZATION && (rejected.isEmpty() || anyApplied)) {
            edit.policiesChanged();
        }
    }

    /** Names that were to be removed and were not there; known once the change has been applied. */
    List<String> unknown() {
        return unknown;
    }

    /** The response as it was taken: without what is bad in it, with all that went. */
    DeltaDiscoveryResponse acceptedOf(DeltaDiscoveryResponse response) {
        if (rejected.isEmpty() && removed.size() == response.getRemovedResourcesCount()) {
            return response;
        }
        var good = response.toBuilder().clearResources().clearRemovedResources().addAllRemovedResources(removed);
        for (Resource resource : response.getResourcesList()) {
            if (!rejected.containsKey(resource.getName())) {
                good.addResources(resource);
            }
        }
        return good.build();
    }

    /** Version by name. */
    Map<String, String> accepted() {
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
