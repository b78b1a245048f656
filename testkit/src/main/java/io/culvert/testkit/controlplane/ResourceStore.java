package io.culvert.testkit.controlplane;

import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the control plane says at this moment. Owned by the control thread. */
final class ResourceStore {
    private final Map<ResourceType, Map<String, StoredResource>> resources = new EnumMap<>(ResourceType.class);
    /** Address resources by their {@code network/address}. */
    private final Map<String, String> nameByAlias = new HashMap<>();
    /** Names of each type that changed since {@link #takeChanged}. */
    private final Map<ResourceType, Set<String>> changed = new EnumMap<>(ResourceType.class);

    ResourceStore() {
        for (ResourceType type : ResourceType.values()) {
            resources.put(type, new LinkedHashMap<>());
            changed.put(type, new LinkedHashSet<>());
        }
    }

    private Map<String, StoredResource> of(ResourceType type) {
        return resources.getOrDefault(type, Map.of());
    }

    void put(StoredResource resource) {
        StoredResource before = of(resource.type()).put(resource.name(), resource);
        if (before != null) {
            if (before.version().equals(resource.version())) {
                return;
            }
            before.aliases().forEach(alias -> nameByAlias.remove(alias, before.name()));
        }
        resource.aliases().forEach(alias -> nameByAlias.put(alias, resource.name()));
        note(resource.type(), resource.name());
    }

    void remove(ResourceType type, String name) {
        StoredResource before = of(type).remove(name);
        if (before != null) {
            before.aliases().forEach(alias -> nameByAlias.remove(alias, name));
            note(type, name);
        }
    }

    /** Removes all whose names are not among these. */
    void retain(ResourceType type, Set<String> names) {
        List<String> gone =
                of(type).keySet().stream().filter(name -> !names.contains(name)).toList();
        gone.forEach(name -> remove(type, name));
    }

    private void note(ResourceType type, String name) {
        changed.computeIfAbsent(type, ignored -> new LinkedHashSet<>()).add(name);
    }

    Set<String> takeChanged(ResourceType type) {
        Set<String> names = changed.put(type, new LinkedHashSet<>());
        return names == null ? Set.of() : names;
    }

    @Nullable
    StoredResource get(ResourceType type, String name) {
        return of(type).get(name);
    }

    /** By name or, for addresses, by {@code network/address}. */
    @Nullable
    StoredResource find(ResourceType type, String key) {
        StoredResource byName = get(type, key);
        if (byName != null || type != ResourceType.ADDRESS) {
            return byName;
        }
        String name = nameByAlias.get(key);
        return name == null ? null : get(type, name);
    }

    Collection<StoredResource> all(ResourceType type) {
        return of(type).values();
    }
}
