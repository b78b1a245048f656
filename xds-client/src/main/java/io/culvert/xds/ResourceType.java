package io.culvert.xds;

import java.util.Optional;

/** What is subscribed to, in the order of asking. */
public enum ResourceType {
    ADDRESS("type.googleapis.com/istio.workload.Address"),
    AUTHORIZATION("type.googleapis.com/istio.security.Authorization");

    private final String typeUrl;

    ResourceType(String typeUrl) {
        this.typeUrl = typeUrl;
    }

    String typeUrl() {
        return typeUrl;
    }

    static Optional<ResourceType> of(String typeUrl) {
        for (ResourceType type : values()) {
            if (type.typeUrl.equals(typeUrl)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
