package io.culvert.xds.mesh;

/** Is shown the endpoints of a service, one by one. */
@FunctionalInterface
public interface EndpointVisitor {
    /**
     * One endpoint.
     *
     * @param port its own mapping of the service's ports; may be empty
     * @return whether to go on
     */
    boolean visit(Workload workload, PortMap port);
}
