package io.culvert.xds;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.Service;
import io.culvert.proto.workload.Workload;
import java.io.ByteArrayInputStream;
import java.util.List;

/** Responses of a control plane. */
final class Pushes {
    private Pushes() {}

    static DeltaDiscoveryResponse addresses(String nonce, Resource... resources) {
        return response(ResourceType.ADDRESS, nonce, resources);
    }

    static DeltaDiscoveryResponse policies(String nonce, Resource... resources) {
        return response(ResourceType.AUTHORIZATION, nonce, resources);
    }

    private static DeltaDiscoveryResponse response(ResourceType type, String nonce, Resource... resources) {
        return DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(type.typeUrl())
                .setNonce(nonce)
                .addAllResources(List.of(resources))
                .build();
    }

    /** As it comes from the network. */
    static Push onTheWire(DeltaDiscoveryResponse response) {
        return Push.read(new ByteArrayInputStream(response.toByteArray()));
    }

    static DeltaDiscoveryResponse removal(String nonce, String... names) {
        return DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(ResourceType.ADDRESS.typeUrl())
                .setNonce(nonce)
                .addAllRemovedResources(List.of(names))
                .build();
    }

    static Resource workload(String uid) {
        return workload(uid, uid);
    }

    static Resource workload(String uid, String name) {
        return resource(Workload.newBuilder().setUid(uid).setName(name).build());
    }

    /** An address of three bytes. */
    static Resource unusable(String uid) {
        return resource(Workload.newBuilder()
                .setUid(uid)
                .addAddresses(ByteString.copyFrom(new byte[3]))
                .build());
    }

    static Resource resource(Workload workload) {
        return named(
                workload.getUid(), Address.newBuilder().setWorkload(workload).build());
    }

    static Resource resource(Service service) {
        return named(
                service.getNamespace() + "/" + service.getHostname(),
                Address.newBuilder().setService(service).build());
    }

    static Resource resource(Authorization policy) {
        return named(policy.getNamespace() + "/" + policy.getName(), policy);
    }

    static Resource named(String name, MessageLite payload) {
        return raw(name, payload.toByteString());
    }

    static Resource raw(String name, ByteString payload) {
        return Resource.newBuilder()
                .setName(name)
                .setVersion("v1")
                .setResource(Any.newBuilder().setValue(payload))
                .build();
    }
}
