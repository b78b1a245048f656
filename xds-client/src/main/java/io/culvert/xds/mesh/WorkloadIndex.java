package io.culvert.xds.mesh;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Workloads and how they are found (ztunnel state/workload.rs:WorkloadStore).
 *
 * @param localNode the node whose workloads are indexed by account; empty: all are local
 * @param byAddress best first; host-network workloads are not in it
 * @param localByAccount by uid, within namespace and service account
 */
record WorkloadIndex(
        String localNode,
        SharedMap<String, Workload> byUid,
        SharedMap<NetworkAddress, List<Workload>> byAddress,
        SharedMap<Account, SharedMap<String, Workload>> localByAccount) {

    static WorkloadIndex empty(String localNode) {
        return new WorkloadIndex(localNode, SharedMap.empty(), SharedMap.empty(), SharedMap.empty());
    }

    boolean isLocal(Workload workload) {
        return localNode.isEmpty() || localNode.equals(workload.node());
    }

    boolean hasLocal(Account account) {
        return localByAccount.get(account) != null;
    }

    @Nullable
    Workload local(String name, Account account) {
        SharedMap<String, Workload> candidates = localByAccount.get(account);
        if (candidates != null) {
            for (Workload candidate : candidates.values()) {
                if (candidate.name().equals(name)) {
                    return candidate;
                }
            }
        }
        return null;
    }

    /** With a workload whose uid is not in it. */
    WorkloadIndex with(Workload added) {
        var addresses = byAddress;
        if (added.networkMode() != NetworkMode.HOST_NETWORK) {
            for (IpAddress ip : added.addresses()) {
                NetworkAddress address = new NetworkAddress(added.network(), ip);
                addresses = addresses.with(address, ranked(addresses.get(address), added));
            }
        }
        var accounts = localByAccount;
        if (isLocal(added)) {
            Account account = Account.of(added);
            SharedMap<String, Workload> others = accounts.get(account);
            SharedMap<String, Workload> all = others == null ? SharedMap.empty() : others;
            accounts = accounts.with(account, all.with(added.uid(), added));
        }
        return new WorkloadIndex(localNode, byUid.with(added.uid(), added), addresses, accounts);
    }

    /** Without a workload that is in it, by identity. */
    WorkloadIndex without(Workload removed) {
        var addresses = byAddress;
        if (removed.networkMode() != NetworkMode.HOST_NETWORK) {
            for (IpAddress ip : removed.addresses()) {
                addresses = remove(addresses, new NetworkAddress(removed.network(), ip), removed);
            }
        }
        var accounts = localByAccount;
        Account account = Account.of(removed);
        SharedMap<String, Workload> sameAccount = accounts.get(account);
        if (isLocal(removed) && sameAccount != null) {
            SharedMap<String, Workload> rest = sameAccount.without(removed.uid());
            accounts = rest.isEmpty() ? accounts.without(account) : accounts.with(account, rest);
        }
        return new WorkloadIndex(localNode, byUid.without(removed.uid()), addresses, accounts);
    }

    /** Before all of the same rank: of equals the latest wins. */
    private static List<Workload> ranked(@Nullable List<Workload> present, Workload added) {
        if (present == null) {
            return List.of(added);
        }
        List<Workload> result = new ArrayList<>(present.size() + 1);
        // The same address given twice in one resource counts once.
        present.stream().filter(other -> other != added).forEach(result::add);
        int at = 0;
        while (at < result.size() && rank(result.get(at)) > rank(added)) {
            at++;
        }
        result.add(at, added);
        return List.copyOf(result);
    }

    /** Pods beat entries made by hand, the mesh beats plain text. */
    private static int rank(Workload workload) {
        return (workload.uid().contains("//Pod/") ? 2 : 0)
                + (workload.tunnelProtocol() == TunnelProtocol.HBONE ? 1 : 0);
    }

    private static SharedMap<NetworkAddress, List<Workload>> remove(
            SharedMap<NetworkAddress, List<Workload>> addresses, NetworkAddress address, Workload removed) {
        List<Workload> present = addresses.get(address);
        if (present == null) {
            return addresses;
        }
        List<Workload> rest = present.stream().filter(other -> other != removed).toList();
        return rest.isEmpty() ? addresses.without(address) : addresses.with(address, rest);
    }

    /** Who a workload is, but for the trust domain, which the node agent does not know. */
    record Account(String namespace, String serviceAccount) {
        static Account of(Workload workload) {
            return new Account(workload.namespace(), workload.serviceAccount());
        }
    }
}
