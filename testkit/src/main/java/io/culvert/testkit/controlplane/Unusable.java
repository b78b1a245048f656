package io.culvert.testkit.controlplane;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.GatewayAddress;
import io.culvert.proto.workload.NetworkAddress;
import io.culvert.proto.workload.PortList;
import io.culvert.proto.workload.Service;
import io.culvert.proto.workload.Workload;
import java.util.Locale;

/** Resources that a proxy must reject by name. */
public enum Unusable {
    /** The payload ends within a field. */
    TRUNCATED,
    /** An enumeration has a value that nobody defined. */
    UNKNOWN_ENUM,
    /** An address of three bytes. */
    BAD_ADDRESS,
    /** An IPv4 range of 33 bits. */
    BAD_CIDR,
    /** A waypoint without destination. */
    NO_DESTINATION,
    /** A workload serves something that is not {@code namespace/hostname}. */
    BAD_SERVICE_NAME,
    /** There is nothing in it. */
    NO_PAYLOAD,
    /** A name of a million characters, and truncated. */
    HUGE_NAME;

    private static final int HUGE = 1_000_000;
    private static final int NOBODYS_VALUE = 99;

    /** The name under which a server adds one. */
    String defaultName() {
        String name = "unusable/" + name().toLowerCase(Locale.ROOT);
        return this == HUGE_NAME ? name + "-".repeat(HUGE - name.length()) : name;
    }

    /** Of policies all but the truncated and empty ones have an unknown action. */
    Resource resource(ResourceType type, String name) {
        Resource.Builder resource = Resource.newBuilder().setName(name).setVersion("unusable");
        if (this == NO_PAYLOAD) {
            return resource.build();
        }
        ByteString payload = payload(type, name);
        return resource.setResource(Any.newBuilder().setTypeUrl(type.url()).setValue(payload))
                .build();
    }

    ByteString payload(ResourceType type, String name) {
        ByteString whole = switch (type) {
            case ADDRESS -> address(name).toByteString();
            case AUTHORIZATION ->
                Authorization.newBuilder()
                        .setName(name)
                        .setActionValue(NOBODYS_VALUE)
                        .build()
                        .toByteString();
        };
        return this == TRUNCATED || this == HUGE_NAME ? whole.substring(0, whole.size() - 1) : whole;
    }

    private Address address(String name) {
        Workload.Builder workload = Workload.newBuilder().setUid(name).setName("unusable");
        ByteString three = ByteString.copyFrom(new byte[3]);
        switch (this) {
            case TRUNCATED, HUGE_NAME, NO_PAYLOAD -> {}
            case UNKNOWN_ENUM -> workload.setStatusValue(NOBODYS_VALUE);
            case BAD_ADDRESS -> workload.addAddresses(three);
            case NO_DESTINATION ->
                workload.setWaypoint(GatewayAddress.newBuilder().setHboneMtlsPort(15_008));
            case BAD_SERVICE_NAME -> workload.putServices("nowhere", PortList.getDefaultInstance());
            case BAD_CIDR -> {
                return Address.newBuilder()
                        .setService(Service.newBuilder()
                                .setHostname(name)
                                .addAddresses(NetworkAddress.newBuilder()
                                        .setAddress(ByteString.copyFrom(new byte[4]))
                                        .setLength(33)))
                        .build();
            }
        }
        return Address.newBuilder().setWorkload(workload).build();
    }
}
