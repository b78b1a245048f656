package io.culvert.xds.mesh;

import java.util.Arrays;
import java.util.Map;

/** Service port to target port, each 16 bits, in the order of service ports; a handful of bytes a port. */
public final class PortMap {
    /** No such service port. */
    public static final int ABSENT = -1;

    public static final PortMap EMPTY = new PortMap(new int[0]);

    /** Service port in the upper, target port in the lower half, ascending as unsigned numbers. */
    private final int[] packed;

    private PortMap(int[] packed) {
        this.packed = packed;
    }

    /** Keys and values are truncated to 16 bits, as the original does. */
    public static PortMap of(Map<Integer, Integer> ports) {
        if (ports.isEmpty()) {
            return EMPTY;
        }
        Builder builder = new Builder(ports.size());
        ports.forEach(builder::put);
        return builder.build();
    }

    /**
     * The target port: 0 if the control plane does not know it (a named port, which the endpoint's own map resolves),
     * {@link #ABSENT} if there is no such service port.
     */
    public int target(int servicePort) {
        int low = 0;
        int high = packed.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int port = packed[middle] >>> 16;
            if (port == servicePort) {
                return packed[middle] & 0xffff;
            }
            if (port < servicePort) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return ABSENT;
    }

    public boolean contains(int servicePort) {
        return target(servicePort) != ABSENT;
    }

    public boolean isEmpty() {
        return packed.length == 0;
    }

    public int size() {
        return packed.length;
    }

    /** In ascending order of service ports. */
    public void forEach(PortConsumer consumer) {
        for (int entry : packed) {
            consumer.accept(entry >>> 16, entry & 0xffff);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PortMap that && Arrays.equals(packed, that.packed);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(packed);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        forEach((service, target) -> text.append(text.length() > 1 ? ", " : "")
                .append(service)
                .append("=")
                .append(target));
        return text.append('}').toString();
    }

    /** Takes one pair. */
    @FunctionalInterface
    public interface PortConsumer {
        void accept(int servicePort, int targetPort);
    }

    /** Collects pairs; a later one replaces an earlier one of the same service port. */
    public static final class Builder {
        /** Service port, running number, target port: sorted, the last of a service port is the one to keep. */
        private long[] entries;

        private int count;

        public Builder(int expected) {
            entries = new long[expected];
        }

        public Builder put(int servicePort, int targetPort) {
            if (count == entries.length) {
                entries = Arrays.copyOf(entries, Math.max(4, count * 2));
            }
            long key = (servicePort & 0xffffL) << 47;
            entries[count] = key | ((long) count << 16) | (targetPort & 0xffffL);
            count++;
            return this;
        }

        public PortMap build() {
            if (count == 0) {
                return EMPTY;
            }
            Arrays.sort(entries, 0, count);
            int[] packed = new int[count];
            int kept = 0;
            for (int i = 0; i < count; i++) {
                boolean replaced = i + 1 < count && entries[i] >>> 47 == entries[i + 1] >>> 47;
                if (!replaced) {
                    packed[kept++] = ((int) (entries[i] >>> 47) << 16) | ((int) entries[i] & 0xffff);
                }
            }
            return new PortMap(kept == count ? packed : Arrays.copyOf(packed, kept));
        }
    }
}
