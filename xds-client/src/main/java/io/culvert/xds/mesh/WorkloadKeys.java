package io.culvert.xds.mesh;

import io.culvert.xds.mesh.OwnersIndex.KeyOfWorkload;

/** What workloads are found by. */
final class WorkloadKeys {
    /** Primary key. */
    static final Keys<Workload> UID = new Keys<>() {
        @Override
        Object first(Workload workload) {
            return workload.uid();
        }

        @Override
        Object second(Workload workload) {
            return "";
        }

        @Override
        boolean match(Workload workload, Object first, Object second) {
            return Keys.same(workload.uid(), first);
        }
    };

    /** Network and address, of workloads that have one address. */
    static final KeyOfWorkload ADDRESS = new KeyOfWorkload() {
        @Override
        public Object first(Workload workload) {
            return workload.network();
        }

        @Override
        public Object second(Workload workload) {
            return workload.addresses().getFirst();
        }

        @Override
        public boolean match(Workload workload, Object first, Object second) {
            return workload.hasOneAddress()
                    && workload.owns((IpAddress) second)
                    && Keys.same(workload.network(), first);
        }
    };

    /** Namespace and host name. */
    static final KeyOfWorkload HOSTNAME = new KeyOfWorkload() {
        @Override
        public Object first(Workload workload) {
            return workload.namespace();
        }

        @Override
        public Object second(Workload workload) {
            return workload.hostname();
        }

        @Override
        public boolean match(Workload workload, Object first, Object second) {
            return Keys.same(workload.hostname(), second) && Keys.same(workload.namespace(), first);
        }
    };

    /** Namespace and name. */
    static final KeyOfWorkload NAME = new KeyOfWorkload() {
        @Override
        public Object first(Workload workload) {
            return workload.namespace();
        }

        @Override
        public Object second(Workload workload) {
            return workload.name();
        }

        @Override
        public boolean match(Workload workload, Object first, Object second) {
            return workload.isNamed((String) second) && Keys.same(workload.namespace(), first);
        }
    };

    private WorkloadKeys() {}
}
