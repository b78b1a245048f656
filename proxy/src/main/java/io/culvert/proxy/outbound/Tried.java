package io.culvert.proxy.outbound;

import io.culvert.proxy.routing.Shunned;
import io.culvert.xds.mesh.Workload;
import java.util.ArrayList;
import java.util.List;

/** The endpoints that one connection has tried in vain. Made when the first has failed. */
final class Tried implements Shunned {
    private final Shunned others;
    private final List<String> uids = new ArrayList<>(2);
    private final List<Integer> ports = new ArrayList<>(2);

    Tried(Shunned others) {
        this.others = others;
    }

    void add(Workload endpoint, int port) {
        uids.add(endpoint.uid());
        ports.add(port);
    }

    int count() {
        return uids.size();
    }

    @Override
    public boolean isEmpty() {
        return false;
    }

    @Override
    public boolean wasTried(Workload endpoint, int port) {
        for (int i = 0; i < uids.size(); i++) {
            if (ports.get(i) == port && uids.get(i).equals(endpoint.uid())) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean isEjected(Workload endpoint, int port) {
        return others.isEjected(endpoint, port);
    }
}
