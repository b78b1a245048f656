package io.culvert.proxy.inpod;

import io.culvert.linux.Netns;
import io.culvert.proxy.lifecycle.DrainMode;
import io.culvert.proxy.rbac.PodConnections;
import io.culvert.proxy.routing.WorkloadRef;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Pod proxies that open nothing, and say what they were told. */
final class FakePods implements PodProxyFactory {

    final List<String> events = new CopyOnWriteArrayList<>();

    /** Starts that will fail before the next succeeds. */
    final AtomicInteger failures = new AtomicInteger();

    /** Whether a stop finishes by itself. */
    volatile boolean stopsAtOnce = true;

    final List<Runnable> unfinished = new CopyOnWriteArrayList<>();

    @Override
    public PodProxy start(WorkloadUid uid, WorkloadRef workload, Netns netns) throws IOException {
        if (failures.get() > 0) {
            failures.decrementAndGet();
            events.add("failed " + uid);
            throw new IOException("failed to bind to address [::]:15008: Address already in use (os error 98)");
        }
        events.add("start " + uid);
        PodConnections connections = new PodConnections();
        return new PodProxy() {
            @Override
            public void stop(DrainMode mode, Runnable finished) {
                events.add("stop " + uid + " " + mode);
                if (stopsAtOnce || mode == DrainMode.IMMEDIATE) {
                    finished.run();
                } else {
                    unfinished.add(finished);
                }
            }

            @Override
            public PodConnections connections() {
                return connections;
            }
        };
    }
}
