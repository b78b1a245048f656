package io.culvert.proxy.routing;

import io.culvert.xds.mesh.Workload;

/**
 * Endpoints that a choice keeps away from while it has others. An endpoint is a port of a workload: another port of it
 * may be well. On the loop of whoever decides.
 */
public interface Shunned {

    /** Nobody is kept away from. */
    Shunned NOBODY = new Shunned() {
        @Override
        public boolean isEmpty() {
            return true;
        }

        @Override
        public boolean wasTried(Workload endpoint, int port) {
            return false;
        }

        @Override
        public boolean isEjected(Workload endpoint, int port) {
            return false;
        }
    };

    /** True if neither question below is worth asking. */
    boolean isEmpty();

    /** This connection has tried it, in vain: it comes behind everybody else. */
    boolean wasTried(Workload endpoint, int port);

    /** Another connection has tried it lately, in vain: it comes behind those who are well. */
    boolean isEjected(Workload endpoint, int port);
}
