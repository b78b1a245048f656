package io.culvert.xds.mesh;

/**
 * The workloads that say they serve a service, whether it is known or not, whether they are healthy or not: which of
 * them count is decided when somebody asks, by what the service says then.
 */
record Endpoints(NamespacedName service, SharedSet<Workload> workloads) {
    /** By the service's name. */
    static final Keys<Endpoints> KEY = new Keys<>() {
        @Override
        Object first(Endpoints endpoints) {
            return endpoints.service.namespace();
        }

        @Override
        Object second(Endpoints endpoints) {
            return endpoints.service.hostname();
        }

        @Override
        boolean match(Endpoints endpoints, Object first, Object second) {
            return Keys.same(endpoints.service.hostname(), second) && Keys.same(endpoints.service.namespace(), first);
        }
    };
}
