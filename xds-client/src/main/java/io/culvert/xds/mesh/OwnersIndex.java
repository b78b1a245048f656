package io.culvert.xds.mesh;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Workloads by something that several may have: an address, a name. Of several the best is found: pods beat entries
 * made by hand, the mesh beats plain text, the latest beats those before it (ztunnel state/workload.rs:WorkloadByAddr).
 */
final class OwnersIndex {
    private final SharedSet<Owners> owners;

    private OwnersIndex(SharedSet<Owners> owners) {
        this.owners = owners;
    }

    /** Nothing is in it yet. */
    static OwnersIndex of(KeyOfWorkload key) {
        return new OwnersIndex(SharedSet.empty(new OwnersKeys(key)));
    }

    /** How a workload that has one key in the index tells it. */
    interface KeyOfWorkload {
        Object first(Workload workload);

        Object second(Workload workload);

        boolean match(Workload workload, Object first, Object second);
    }

    @Nullable
    Workload best(Object first, Object second) {
        Owners found = owners.find(first, second);
        return found instanceof Owners.Listed several ? several.ranked().getFirst() : (Workload) found;
    }

    /** The best first. */
    List<Workload> all(Object first, Object second) {
        Owners found = owners.find(first, second);
        if (found instanceof Owners.Listed several) {
            return several.ranked();
        }
        return found instanceof Workload sole ? List.of(sole) : List.of();
    }

    /**
     * With one more owner of a key.
     *
     * @param sole whether this key is the only one that the workload ever has in the index
     */
    OwnersIndex with(Object first, Object second, Workload added, boolean sole) {
        List<Workload> present = all(first, second);
        if (sole && present.isEmpty()) {
            return new OwnersIndex(owners.with(added));
        }
        return new OwnersIndex(owners.with(new Owners.Listed(first, second, ranked(present, added))));
    }

    /** In place of an owner that has the same key, and of which this is the next state. */
    OwnersIndex replaced(Object first, Object second, Workload previous, Workload added, boolean sole) {
        return sole && owners.find(first, second) == previous
                ? new OwnersIndex(owners.with(added))
                : without(first, second, previous).with(first, second, added, sole);
    }

    OwnersIndex without(Object first, Object second, Workload removed) {
        List<Workload> rest = new ArrayList<>(all(first, second));
        if (!rest.remove(removed)) {
            return this;
        }
        return new OwnersIndex(
                rest.isEmpty()
                        ? owners.without(first, second)
                        : owners.with(new Owners.Listed(first, second, List.copyOf(rest))));
    }

    /** Before all of the same rank. */
    private static List<Workload> ranked(List<Workload> present, Workload added) {
        List<Workload> result = new ArrayList<>(present);
        // The same address given twice in one resource counts once.
        result.remove(added);
        int at = 0;
        while (at < result.size() && rank(result.get(at)) > rank(added)) {
            at++;
        }
        result.add(at, added);
        return List.copyOf(result);
    }

    private static int rank(Workload workload) {
        return (workload.uid().contains("//Pod/") ? 2 : 0)
                + (workload.tunnelProtocol() == TunnelProtocol.HBONE ? 1 : 0);
    }

    private static final class OwnersKeys extends Keys<Owners> {
        private final KeyOfWorkload key;

        OwnersKeys(KeyOfWorkload key) {
            this.key = key;
        }

        @Override
        Object first(Owners entry) {
            return entry instanceof Owners.Listed several ? several.first() : key.first((Workload) entry);
        }

        @Override
        Object second(Owners entry) {
            return entry instanceof Owners.Listed several ? several.second() : key.second((Workload) entry);
        }

        @Override
        boolean match(Owners entry, Object first, Object second) {
            return entry instanceof Owners.Listed several
                    ? several.second().equals(second) && several.first().equals(first)
                    : key.match((Workload) entry, first, second);
        }
    }
}
