package io.culvert.xds.snapshot;

import io.culvert.proto.discovery.Resource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Resources that changed since the last write, by type and name: the last word on each. Empty: it was removed. Used by
 * one thread at a time.
 */
final class PendingChanges {
    /** What a change costs in memory beside its bytes. */
    private static final long ENTRY_BYTES = 200;

    private final Map<String, Map<String, Optional<Resource>>> byType = new LinkedHashMap<>();
    private long bytes;

    void put(String typeUrl, Resource resource) {
        record(typeUrl, resource.getName(), Optional.of(resource));
    }

    void remove(String typeUrl, String name) {
        record(typeUrl, name, Optional.empty());
    }

    private void record(String typeUrl, String name, Optional<Resource> change) {
        bytes += size(name, change);
        Optional<Resource> replaced =
                byType.computeIfAbsent(typeUrl, type -> new HashMap<>()).put(name, change);
        if (replaced != null) {
            bytes -= size(name, replaced);
        }
    }

    private static long size(String name, Optional<Resource> change) {
        return ENTRY_BYTES
                + name.length()
                + change.map(Resource::getSerializedSize).orElse(0);
    }

    /** Those that were to be written before these, and were not. */
    void putBehind(PendingChanges earlier) {
        earlier.byType.forEach((type, changes) -> changes.forEach((name, change) -> {
            if (!has(type, name)) {
                record(type, name, change);
            }
        }));
    }

    boolean has(String typeUrl, String name) {
        return of(typeUrl).containsKey(name);
    }

    Set<String> types() {
        return byType.keySet();
    }

    Map<String, Optional<Resource>> of(String typeUrl) {
        return byType.getOrDefault(typeUrl, Map.of());
    }

    boolean isEmpty() {
        return byType.isEmpty();
    }

    /** An estimate of the memory that it holds. */
    long bytes() {
        return bytes;
    }
}
