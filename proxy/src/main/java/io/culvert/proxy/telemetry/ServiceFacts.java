package io.culvert.proxy.telemetry;

import io.culvert.xds.mesh.Service;

/** The service that a connection was made to, or the best guess of it; empty texts are unknown. */
public record ServiceFacts(String hostname, String namespace, String name) {

    public static final ServiceFacts UNKNOWN = new ServiceFacts("", "", "");

    public static ServiceFacts of(Service service) {
        return new ServiceFacts(service.hostname(), service.namespace(), service.name());
    }
}
