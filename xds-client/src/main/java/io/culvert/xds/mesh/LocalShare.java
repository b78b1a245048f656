package io.culvert.xds.mesh;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What of the mesh a local file says, by name. A file beside a control plane adds to it: of a name that both have, the
 * control plane's word counts, whichever came first; so neither a change of the file nor its loss touches anything that
 * the control plane has said. Immutable.
 */
record LocalShare(SharedMap<Name, Boolean> names) {
    static final LocalShare NONE = new LocalShare(SharedMap.empty());

    private enum Kind {
        WORKLOAD,
        SERVICE,
        POLICY
    }

    private record Name(Kind kind, String name) {}

    private static Name workload(String uid) {
        return new Name(Kind.WORKLOAD, uid);
    }

    private static Name service(NamespacedName key) {
        return new Name(Kind.SERVICE, key.toString());
    }

    private static Name policy(String resourceName) {
        return new Name(Kind.POLICY, resourceName);
    }

    // These three say that the control plane has put or removed something. Without a file they make no object, for they
    // are asked for each resource of a push.

    LocalShare withoutAddress(String resourceName) {
        return names.isEmpty()
                ? this
                : new LocalShare(names.without(workload(resourceName)).without(new Name(Kind.SERVICE, resourceName)));
    }

    LocalShare withoutAddress(NamespacedName service) {
        return names.isEmpty() ? this : new LocalShare(names.without(service(service)));
    }

    LocalShare withoutPolicy(String resourceName) {
        return names.isEmpty() ? this : new LocalShare(names.without(policy(resourceName)));
    }

    /**
     * Puts what a file says in place of what it said before.
     *
     * @param shadowed receives the names that it cannot have, because the control plane has them
     * @return what is the file's now
     */
    LocalShare replaced(MeshEdit edit, LocalContents contents, Set<String> shadowed) {
        Set<Name> given = new HashSet<>();
        contents.workloads().forEach(workload -> given.add(workload(workload.uid())));
        contents.services().forEach(service -> given.add(service(service.key())));
        contents.policies().forEach(policy -> given.add(policy(policy.qualifiedName())));
        names.forEach((name, ours) -> {
            if (!given.contains(name)) {
                remove(edit, name);
            }
        });
        SharedMap<Name, Boolean> own = SharedMap.empty();
        for (Workload workload : contents.workloads()) {
            Name name = workload(workload.uid());
            if (mayHave(name, edit.workload(workload.uid()) == null, own, shadowed)) {
                edit.putWorkload(workload);
                own = own.with(name, true);
            }
        }
        for (AuthorizationPolicy policy : contents.policies()) {
            Name name = policy(policy.qualifiedName());
            if (mayHave(name, edit.policy(policy.qualifiedName()) == null, own, shadowed)) {
                edit.putPolicy(policy.qualifiedName(), policy);
                own = own.with(name, true);
            }
        }
        for (Service service : contents.services()) {
            Name name = service(service.key());
            if (mayHave(name, edit.service(service.key()) == null, own, shadowed)) {
                edit.putService(service);
                own = own.with(name, true);
            }
        }
        return new LocalShare(own);
    }

    private boolean mayHave(Name name, boolean free, SharedMap<Name, Boolean> own, Set<String> shadowed) {
        boolean may = free || names.get(name) != null || own.get(name) != null;
        if (!may) {
            shadowed.add(name.name());
        }
        return may;
    }

    private static void remove(MeshEdit edit, Name name) {
        switch (name.kind()) {
            case WORKLOAD, SERVICE -> edit.removeAddress(name.name());
            case POLICY -> edit.removePolicy(name.name());
        }
    }

    /**
     * All that a file says.
     *
     * @param workloads in the order of the file, as are the others; of a name given twice the last counts
     */
    record LocalContents(List<Workload> workloads, List<AuthorizationPolicy> policies, List<Service> services) {}
}
