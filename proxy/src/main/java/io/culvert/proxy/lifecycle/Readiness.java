package io.culvert.proxy.lifecycle;

import java.util.List;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the process still waits for, by name; ready when that is nothing (ztunnel readiness.rs). A gate may close again:
 * the proxy is not ready while the node agent is away or a pod is pending. Any thread.
 */
public final class Readiness {

    public static final String STATE_MANAGER = "state manager";
    public static final String PROXY = "proxy";
    public static final String DNS_PROXY = "dns proxy";
    public static final String WORKLOAD_PROXY_MANAGER = "workload proxy manager";

    private static final Logger log = LoggerFactory.getLogger(Readiness.class);

    private final ConcurrentSkipListSet<String> pending = new ConcurrentSkipListSet<>();
    private final LongSupplier ticker;
    private final long startNanos;

    /**
     * Ready, until a gate is made.
     *
     * @param ticker nanoseconds of a monotonic clock
     */
    public Readiness(LongSupplier ticker) {
        this.ticker = ticker;
        this.startNanos = ticker.getAsLong();
    }

    /** A gate that is closed until {@link Gate#open}. */
    public Gate gate(String name) {
        pending.add(name);
        return new Gate(name);
    }

    public boolean isReady() {
        return pending.isEmpty();
    }

    /** Names of closed gates, sorted. */
    public List<String> pending() {
        return List.copyOf(pending);
    }

    /** One thing to wait for. */
    public final class Gate {
        private final String name;

        private Gate(String name) {
            this.name = name;
        }

        public void open() {
            if (!pending.remove(name)) {
                return;
            }
            int left = pending.size();
            long micros = TimeUnit.NANOSECONDS.toMicros(ticker.getAsLong() - startNanos);
            String sinceStart =
                    micros / 1000 + "." + String.valueOf(1000 + micros % 1000).substring(1) + "ms";
            if (left == 0) {
                log.info("Task '{}' complete ({}), marking server ready", name, sinceStart);
            } else {
                log.info("Task '{}' complete ({}), still awaiting {} tasks", name, sinceStart, left);
            }
        }

        public void close() {
            if (pending.add(name)) {
                log.debug("{} is NOT ready", name);
            }
        }

        public boolean isOpen() {
            return !pending.contains(name);
        }
    }
}
