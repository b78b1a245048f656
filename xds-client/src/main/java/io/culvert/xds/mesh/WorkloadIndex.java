package io.culvert.xds.mesh;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Workloads and how they are found (ztunnel state/workload.rs:WorkloadStore).
 *
 * @param localNode the node whose workloads are indexed by name; empty: all are local
 * @param byAddress host-network workloads are not in it
 * @param byHostname those that have a host name
 * @param localByName those of the local node
 * @param localAccounts how many workloads of the local node each has
 */
record WorkloadIndex(
        String localNode,
        SharedSet<Workload> byUid,
        OwnersIndex byAddress,
        OwnersIndex byHostname,
        OwnersIndex localByName,
        SharedMap<Account, Integer> localAccounts) {

    static WorkloadIndex empty(String localNode) {
        return new WorkloadIndex(
                localNode,
                SharedSet.empty(WorkloadKeys.UID),
                OwnersIndex.of(WorkloadKeys.ADDRESS),
                OwnersIndex.of(WorkloadKeys.HOSTNAME),
                OwnersIndex.of(WorkloadKeys.NAME),
                SharedMap.empty());
    }

    boolean isLocal(Workload workload) {
        return localNode.isEmpty() || localNode.equals(workload.node());
    }

    boolean hasLocal(Account account) {
        return localAccounts.get(account) != null;
    }

    @Nullable
    Workload uid(String uid) {
        return byUid.find(uid, "");
    }

    @Nullable
    Workload local(String name, String namespace, String serviceAccount) {
        Workload best = localByName.best(namespace, name);
        if (best == null || best.serviceAccount().equals(serviceAccount)) {
            return best;
        }
        for (Workload candidate : localByName.all(namespace, name)) {
            if (candidate.serviceAccount().equals(serviceAccount)) {
                return candidate;
            }
        }
        return null;
    }

    /** In place of the previous state of that uid, if there is one. */
    WorkloadIndex with(Workload added, @Nullable Workload previous) {
        Workload same = previous != null && sameKeys(previous, added) ? previous : null;
        WorkloadIndex base = previous != null && same == null ? without(previous) : this;
        var addresses = base.byAddress;
        boolean sole = added.hasOneAddress();
        for (IpAddress ip : indexed(added)) {
            addresses = same != null
                    ? addresses.replaced(added.network(), ip, same, added, sole)
                    : addresses.with(added.network(), ip, added, sole);
        }
        var hostnames = base.byHostname;
        if (!added.hostname().isEmpty()) {
            hostnames = same != null
                    ? hostnames.replaced(added.namespace(), added.hostname(), same, added, true)
                    : hostnames.with(added.namespace(), added.hostname(), added, true);
        }
        var names = base.localByName;
        var accounts = base.localAccounts;
        if (isLocal(added)) {
            names = same != null
                    ? names.replaced(added.namespace(), added.name(), same, added, true)
                    : names.with(added.namespace(), added.name(), added, true);
            accounts = same != null ? accounts : counted(accounts, Account.of(added), 1);
        }
        return new WorkloadIndex(localNode, base.byUid.with(added), addresses, hostnames, names, accounts);
    }

    /** Whether both are found under the same keys, so that one can take the other's places. */
    private boolean sameKeys(Workload one, Workload other) {
        return one.network().equals(other.network())
                && indexed(one).equals(indexed(other))
                && one.hostname().equals(other.hostname())
                && one.namespace().equals(other.namespace())
                && one.serviceAccount().equals(other.serviceAccount())
                && other.isNamed(one.name())
                && isLocal(one) == isLocal(other);
    }

    private static List<IpAddress> indexed(Workload workload) {
        return workload.networkMode() == NetworkMode.HOST_NETWORK ? List.of() : workload.addresses();
    }

    /** Without a workload that is in it, by identity. */
    WorkloadIndex without(Workload removed) {
        var addresses = byAddress;
        for (IpAddress ip : indexed(removed)) {
            addresses = addresses.without(removed.network(), ip, removed);
        }
        var hostnames = removed.hostname().isEmpty()
                ? byHostname
                : byHostname.without(removed.namespace(), removed.hostname(), removed);
        boolean local = isLocal(removed);
        var names = local ? localByName.without(removed.namespace(), removed.name(), removed) : localByName;
        var accounts = local ? counted(localAccounts, Account.of(removed), -1) : localAccounts;
        return new WorkloadIndex(localNode, byUid.without(removed.uid(), ""), addresses, hostnames, names, accounts);
    }

    private static SharedMap<Account, Integer> counted(SharedMap<Account, Integer> counts, Account account, int more) {
        Integer present = counts.get(account);
        int count = (present == null ? 0 : present) + more;
        return count == 0 ? counts.without(account) : counts.with(account, count);
    }

    /** Who a workload is, but for the trust domain, which the node agent does not know. */
    record Account(String namespace, String serviceAccount) {
        static Account of(Workload workload) {
            return new Account(workload.namespace(), workload.serviceAccount());
        }
    }
}
