package io.culvert.testkit.controlplane;

import com.google.protobuf.ByteString;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.workload.Address;
import io.culvert.testkit.spec.MeshResources;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;

/** Changes that proxies hear of together, in one push. Valid only inside the call that hands it out. */
public final class ResourceEdit {
    private final ResourceStore store;

    ResourceEdit(ResourceStore store) {
        this.store = store;
    }

    public ResourceEdit put(Address address) {
        store.put(StoredResource.of(MeshResources.name(address), address));
        return this;
    }

    public ResourceEdit put(Authorization policy) {
        store.put(StoredResource.raw(
                ResourceType.AUTHORIZATION, MeshResources.name(policy), StoredResource.deterministic(policy)));
        return this;
    }

    /** Any bytes under any name, also such as no proxy can accept. */
    public ResourceEdit putRaw(ResourceType type, String name, ByteString bytes) {
        store.put(StoredResource.raw(type, name, bytes));
        return this;
    }

    /** A resource of that name that no proxy can accept, from now on for everybody who asks. */
    public ResourceEdit putUnusable(ResourceType type, String name, Unusable kind) {
        return putRaw(type, name, kind.payload(type, name));
    }

    /** Removes what has this name; nothing if nothing has. */
    public ResourceEdit remove(ResourceType type, String name) {
        store.remove(type, name);
        return this;
    }

    /** Exactly these, and no others. What is as before is not told again. */
    public ResourceEdit replace(Collection<Address> addresses, Collection<Authorization> policies) {
        return replace(addresses.stream(), policies.stream());
    }

    /** The same, of more than one wants to hold twice. */
    public ResourceEdit replace(Stream<Address> addresses, Stream<Authorization> policies) {
        Set<String> names = new HashSet<>();
        addresses.forEach(address -> {
            names.add(MeshResources.name(address));
            put(address);
        });
        store.retain(ResourceType.ADDRESS, names);
        names.clear();
        policies.forEach(policy -> {
            names.add(MeshResources.name(policy));
            put(policy);
        });
        store.retain(ResourceType.AUTHORIZATION, names);
        return this;
    }
}
