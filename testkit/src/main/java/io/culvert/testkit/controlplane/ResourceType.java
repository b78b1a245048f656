package io.culvert.testkit.controlplane;

import java.util.Optional;
import java.util.stream.Stream;

/** The types that the control plane serves. */
public enum ResourceType {
    /** Workloads and services. Versions are derived from the content. */
    ADDRESS("type.googleapis.com/istio.workload.Address"),
    /** Policies. They go out without a version, as istiod sends them. */
    AUTHORIZATION("type.googleapis.com/istio.security.Authorization");

    private final String url;

    ResourceType(String url) {
        this.url = url;
    }

    public String url() {
        return url;
    }

    static Optional<ResourceType> of(String url) {
        return Stream.of(values()).filter(type -> type.url.equals(url)).findFirst();
    }
}
