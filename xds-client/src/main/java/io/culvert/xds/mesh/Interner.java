package io.culvert.xds.mesh;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Remembers values, so that equal ones are kept once: the pods of a deployment share all but uid, name, address, node
 * and health, and whole meshes share a handful of networks, regions and port maps.
 *
 * <p>A cache, not a registry: a value may be forgotten for a younger one in its row, and what comes again later is then
 * kept twice. That costs memory and nothing else, for nothing here is compared by identity; in exchange nobody has to
 * say when the last user of a value is gone. It grows while it forgets much, and holds on to at most
 * {@link #VALUES_MAX} values that nobody else needs any more.
 *
 * <p>Not for several threads: its owner is whoever may write the mesh.
 */
final class Interner {
    /** The distinct values of 200,000 workloads in deployments of five are about 170,000; the table is then 1 MiB. */
    static final int VALUES_MAX = 1 << 18;

    private static final int VALUES_MIN = 1 << 10;

    /** Neighbours that are searched, in one line of the processor's cache. */
    private static final int ROW = 4;

    private @Nullable Object[] values = new @Nullable Object[VALUES_MIN];
    private int forgotten;

    /** An equal value that was seen before, or else this one. */
    <T> T same(T value) {
        T known = find(value);
        return known != null ? known : keep(value);
    }

    @SuppressWarnings("unchecked") // an equal value of another class is no such class of ours
    private <T> @Nullable T find(T value) {
        int row = row(value);
        for (int i = row; i < row + ROW; i++) {
            Object seen = values[i];
            if (seen == null) {
                return null;
            }
            if (seen.equals(value)) {
                // To the front: what is met often stays.
                values[i] = values[row];
                values[row] = seen;
                return (T) seen;
            }
        }
        return null;
    }

    /** In the front of its row, if need be in place of the value at the end. */
    private <T> T keep(T value) {
        if (values[row(value) + ROW - 1] != null) {
            forgotten++;
            if (forgotten > values.length / ROW && values.length < VALUES_MAX) {
                grow();
            }
        }
        toFront(value);
        return value;
    }

    private int row(Object value) {
        return Keys.hash(value, "") & (values.length - ROW);
    }

    private void toFront(Object value) {
        int row = row(value);
        System.arraycopy(values, row, values, row + 1, ROW - 1);
        values[row] = value;
    }

    private void grow() {
        @Nullable Object[] old = values;
        values = new @Nullable Object[old.length * 2];
        forgotten = 0;
        for (Object value : old) {
            if (value != null) {
                toFront(value);
            }
        }
    }

    /** A list of texts, each kept once, and the list likewise. */
    List<String> texts(List<String> texts) {
        if (texts.isEmpty()) {
            return List.of();
        }
        List<String> result = new ArrayList<>(texts.size());
        texts.forEach(text -> result.add(same(text)));
        return same(List.copyOf(result));
    }

    NamespacedName name(NamespacedName name) {
        NamespacedName known = find(name);
        return known != null ? known : keep(new NamespacedName(same(name.namespace()), same(name.hostname())));
    }

    /** The networks are kept once; addresses are not worth remembering, for they are hardly ever shared. */
    List<NetworkAddress> addresses(List<NetworkAddress> addresses) {
        List<NetworkAddress> result = new ArrayList<>(addresses.size());
        addresses.forEach(address -> result.add(new NetworkAddress(same(address.network()), address.address())));
        return List.copyOf(result);
    }

    Map<NamespacedName, PortMap> ports(Map<NamespacedName, PortMap> ports) {
        Map<NamespacedName, PortMap> result = new HashMap<>();
        ports.forEach((service, map) -> result.put(name(service), same(map)));
        return Map.copyOf(result);
    }

    Place place(Place place) {
        Place known = find(place);
        return known != null ? known : keep(place.interned(this));
    }

    WorkloadTraits traits(WorkloadTraits traits) {
        WorkloadTraits known = find(traits);
        return known != null ? known : keep(traits.interned(this));
    }

    /** For tests: how many values it has room for. */
    int capacity() {
        return values.length;
    }
}
