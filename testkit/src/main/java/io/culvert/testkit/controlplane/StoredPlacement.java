package io.culvert.testkit.controlplane;

import com.google.protobuf.InvalidProtocolBufferException;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.Workload;

/** Takes from the workloads that are served which pods are where, in the mesh or not. Runs on the control thread. */
final class StoredPlacement implements CertificateService.Placement {
    private final ResourceStore store;

    StoredPlacement(ResourceStore store) {
        this.store = store;
    }

    @Override
    public boolean runs(String node, String namespace, String serviceAccount) {
        return store.all(ResourceType.ADDRESS).stream()
                .filter(resource -> !node.isEmpty() && resource.node().equals(node))
                .anyMatch(resource -> isOf(resource, namespace, serviceAccount));
    }

    private static boolean isOf(StoredResource resource, String namespace, String serviceAccount) {
        try {
            Workload workload = Address.parseFrom(resource.payload().getValue()).getWorkload();
            String account = workload.getServiceAccount().isEmpty() ? "default" : workload.getServiceAccount();
            return workload.getNamespace().equals(namespace) && account.equals(serviceAccount);
        } catch (InvalidProtocolBufferException e) {
            return false;
        }
    }
}
