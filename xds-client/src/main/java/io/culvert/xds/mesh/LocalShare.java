package io.culvert.xds.mesh;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a local file says of the mesh, by name. A file beside a control plane adds to it: of a name that both have, the
 * control plane's word counts, whichever came first, and when the control plane gives the name up, the file's word
 * counts again. So neither a change of the file nor its loss touches anything that the control plane has said, and the
 * other way round. Immutable.
 */
record LocalShare(
        SharedMap<String, Said<Workload>> workloads,
        SharedMap<NamespacedName, Said<Service>> services,
        SharedMap<String, Said<AuthorizationPolicy>> policies) {
    static final LocalShare NONE = new LocalShare(SharedMap.empty(), SharedMap.empty(), SharedMap.empty());

    /**
     * One thing that the file says.
     *
     * @param inForce whether it is what the mesh has under that name; else the control plane has it
     */
    record Said<T>(T value, boolean inForce) {}

    // The control plane says that it has something. Without a file these make no object, for they are asked for each
    // resource of a push.

    LocalShare shadowedWorkload(String uid) {
        return workloads.isEmpty() ? this : new LocalShare(turned(workloads, uid, false), services, policies);
    }

    LocalShare shadowedService(NamespacedName key) {
        return services.isEmpty() ? this : new LocalShare(workloads, turned(services, key, false), policies);
    }

    LocalShare shadowedPolicy(String name) {
        return policies.isEmpty() ? this : new LocalShare(workloads, services, turned(policies, name, false));
    }

    // The control plane has given something up, and the mesh has what the file says of it.

    LocalShare restoredWorkload(String uid) {
        return new LocalShare(turned(workloads, uid, true), services, policies);
    }

    LocalShare restoredService(NamespacedName key) {
        return new LocalShare(workloads, turned(services, key, true), policies);
    }

    LocalShare restoredPolicy(String name) {
        return new LocalShare(workloads, services, turned(policies, name, true));
    }

    private static <K, T> SharedMap<K, Said<T>> turned(SharedMap<K, Said<T>> all, K name, boolean inForce) {
        Said<T> said = all.get(name);
        return said == null ? all : all.with(name, new Said<>(said.value(), inForce));
    }

    /**
     * Puts what a file says in place of what it said before.
     *
     * @param shadowed receives the names that it cannot have, because the control plane has them
     * @return what is the file's now
     */
    LocalShare replaced(MeshEdit edit, LocalContents contents, Set<String> shadowed) {
        LocalShare own = contents.shadowed();
        workloads.forEach((uid, said) -> {
            Workload present = edit.workload(uid);
            if (said.inForce() && own.workloads.get(uid) == null && present != null) {
                edit.dropWorkload(present);
            }
        });
        services.forEach((key, said) -> {
            Service present = edit.service(key);
            if (said.inForce() && own.services.get(key) == null && present != null) {
                edit.dropService(present);
            }
        });
        policies.forEach((name, said) -> {
            if (said.inForce() && own.policies.get(name) == null) {
                edit.dropPolicy(name);
            }
        });
        Replacement replacement = new Replacement(edit, own, shadowed);
        contents.workloads().forEach(workload -> replacement.put(workload, workloads.get(workload.uid())));
        contents.policies().forEach(policy -> replacement.put(policy, policies.get(policy.qualifiedName())));
        contents.services().forEach(service -> replacement.put(service, services.get(service.key())));
        return replacement.own;
    }

    /** Puts one after the other what may be put, and notes that it is in force. */
    private static final class Replacement {
        private final MeshEdit edit;
        private final Set<String> shadowed;
        private LocalShare own;

        Replacement(MeshEdit edit, LocalShare own, Set<String> shadowed) {
            this.edit = edit;
            this.own = own;
            this.shadowed = shadowed;
        }

        /** @param before what the file said of it before */
        void put(Workload workload, @Nullable Said<Workload> before) {
            String uid = workload.uid();
            if (mayHave(uid, edit.workload(uid) == null, before, own.workloads.get(uid))) {
                edit.putWorkload(workload);
                own = own.restoredWorkload(uid);
            }
        }

        void put(Service service, @Nullable Said<Service> before) {
            NamespacedName key = service.key();
            if (mayHave(key.toString(), edit.service(key) == null, before, own.services.get(key))) {
                edit.putService(service);
                own = own.restoredService(key);
            }
        }

        void put(AuthorizationPolicy policy, @Nullable Said<AuthorizationPolicy> before) {
            String name = policy.qualifiedName();
            if (mayHave(name, edit.policy(name) == null, before, own.policies.get(name))) {
                edit.putPolicy(name, policy);
                own = own.restoredPolicy(name);
            }
        }

        private boolean mayHave(String name, boolean free, @Nullable Said<?> before, @Nullable Said<?> now) {
            boolean may = free || (before != null && before.inForce()) || (now != null && now.inForce());
            if (!may) {
                shadowed.add(name);
            }
            return may;
        }
    }

    /**
     * All that a file says.
     *
     * @param workloads in the order of the file, as are the others; of a name given twice the last counts
     */
    record LocalContents(List<Workload> workloads, List<AuthorizationPolicy> policies, List<Service> services) {
        /** By name, with nothing of it in force. */
        LocalShare shadowed() {
            SharedMap<String, Said<Workload>> byUid = SharedMap.empty();
            for (Workload workload : workloads) {
                byUid = byUid.with(workload.uid(), new Said<>(workload, false));
            }
            SharedMap<NamespacedName, Said<Service>> byKey = SharedMap.empty();
            for (Service service : services) {
                byKey = byKey.with(service.key(), new Said<>(service, false));
            }
            SharedMap<String, Said<AuthorizationPolicy>> byName = SharedMap.empty();
            for (AuthorizationPolicy policy : policies) {
                byName = byName.with(policy.qualifiedName(), new Said<>(policy, false));
            }
            return new LocalShare(byUid, byKey, byName);
        }
    }
}
