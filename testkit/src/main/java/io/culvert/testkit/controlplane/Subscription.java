package io.culvert.testkit.controlplane;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one stream wants of one type, and what it was told. Owned by the control thread.
 *
 * <p>A wildcard subscription wants everything. One by name wants what was asked for, the workloads of its own node
 * without asking, and with a service the workloads that serve it: so istiod was seen to answer XDS_ON_DEMAND.
 */
final class Subscription {
    private static final String WILDCARD = "*";

    private final ResourceType type;
    private final ResourceStore store;
    private final String node;
    private final boolean wildcard;
    /** Keys that were asked for, as asked: names or {@code network/address}. Unused by a wildcard. */
    private final Set<String> asked = new LinkedHashSet<>();
    /** Version of everything that the proxy holds, as far as we know. */
    private final Map<String, String> told = new HashMap<>();
    /** Names that changed since the last answer. */
    private final Set<String> changed = new LinkedHashSet<>();

    Subscription(ResourceType type, ResourceStore store, String node, DeltaDiscoveryRequest first) {
        this.type = type;
        this.store = store;
        this.node = node;
        List<String> names = first.getResourceNamesSubscribeList();
        List<String> without = first.getResourceNamesUnsubscribeList();
        wildcard = (names.isEmpty() && without.isEmpty()) || (names.contains(WILDCARD) && !without.contains(WILDCARD));
        names.stream().filter(name -> !name.equals(WILDCARD)).forEach(asked::add);
        told.putAll(first.getInitialResourceVersionsMap());
        if (!wildcard) {
            asked.addAll(told.keySet());
        }
    }

    /** The answer to a part of what is wanted. */
    record Answer(List<StoredResource> resources, List<String> removed) {
        boolean isEmpty() {
            return resources.isEmpty() && removed.isEmpty();
        }
    }

    boolean wildcard() {
        return wildcard;
    }

    /** Everything that is wanted and not held in this version, and everything held that is no more. */
    Answer whole() {
        changed.clear();
        Set<String> names = new LinkedHashSet<>();
        store.all(type).forEach(resource -> names.add(resource.name()));
        names.addAll(told.keySet());
        Answer answer = answer(names);
        for (String key : asked) {
            if (store.find(type, key) == null && !answer.removed().contains(key)) {
                answer.removed().add(key);
            }
        }
        return answer;
    }

    /** Asks for more and less. The answer is for the new keys, whether held or not: who asks waits for it. */
    Answer change(Collection<String> subscribe, Collection<String> unsubscribe) {
        unsubscribe.forEach(key -> {
            asked.remove(key);
            told.remove(key);
        });
        Answer answer = new Answer(new ArrayList<>(), new ArrayList<>());
        Set<String> added = new HashSet<>();
        for (String key : subscribe) {
            asked.add(key);
            StoredResource found = store.find(type, key);
            if (found == null) {
                answer.removed().add(key);
                continue;
            }
            tell(found, answer, added);
            store.all(type).stream()
                    .filter(other -> other.services().contains(found.name()))
                    .forEach(other -> tell(other, answer, added));
        }
        return answer;
    }

    private void tell(StoredResource resource, Answer answer, Set<String> added) {
        if (added.add(resource.name())) {
            told.put(resource.name(), resource.version());
            answer.resources().add(resource);
        }
    }

    void changed(Set<String> names) {
        changed.addAll(names);
    }

    /** What changed since the last answer and is of interest. */
    Answer changes() {
        Answer answer = answer(changed);
        changed.clear();
        return answer;
    }

    private Answer answer(Collection<String> names) {
        Answer answer = new Answer(new ArrayList<>(), new ArrayList<>());
        for (String name : names) {
            StoredResource resource = store.get(type, name);
            if (resource == null) {
                if (told.remove(name) != null) {
                    answer.removed().add(name);
                }
            } else if (wanted(resource) && !resource.version().equals(told.put(name, resource.version()))) {
                answer.resources().add(resource);
            }
        }
        return answer;
    }

    private boolean wanted(StoredResource resource) {
        return wildcard
                || asked.contains(resource.name())
                || (!node.isEmpty() && resource.node().equals(node))
                || resource.aliases().stream().anyMatch(asked::contains)
                || resource.services().stream().anyMatch(this::askedForService);
    }

    private boolean askedForService(String name) {
        StoredResource service = store.get(type, name);
        return asked.contains(name)
                || (service != null && service.aliases().stream().anyMatch(asked::contains));
    }
}
