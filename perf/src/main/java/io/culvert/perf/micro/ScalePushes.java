package io.culvert.perf.micro;

import com.google.protobuf.Any;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.workload.Address;
import io.culvert.testkit.spec.ScaleMesh;
import io.culvert.xds.MeshChange;
import io.culvert.xds.Push;
import io.culvert.xds.ResourceType;
import io.culvert.xds.mesh.MeshState;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** What a control plane would push of a {@link ScaleMesh}. */
final class ScalePushes {
    /** A push of that many resources is some hundred kilobytes. */
    private static final int PIECE = 1_000;

    private ScalePushes() {}

    /** All of it, in many small pushes, so that nothing but the state is left. */
    static void inPieces(ScaleMesh scale, MeshState mesh) {
        mesh.update(MeshChange.of(ResourceType.AUTHORIZATION, Push.of(policies(scale)))::applyTo);
        Iterator<Address> all = scale.addresses().iterator();
        List<Address> piece = new ArrayList<>();
        while (all.hasNext()) {
            piece.add(all.next());
            if (piece.size() == PIECE || !all.hasNext()) {
                mesh.update(MeshChange.of(ResourceType.ADDRESS, Push.of(response(piece)))::applyTo);
                piece.clear();
            }
        }
    }

    static DeltaDiscoveryResponse policies(ScaleMesh scale) {
        DeltaDiscoveryResponse.Builder response =
                DeltaDiscoveryResponse.newBuilder().setTypeUrl("type.googleapis.com/istio.security.Authorization");
        scale.authorizations().forEach(policy -> response.addResources(resource(policy)));
        return response.build();
    }

    static DeltaDiscoveryResponse response(List<Address> addresses) {
        DeltaDiscoveryResponse.Builder response =
                DeltaDiscoveryResponse.newBuilder().setTypeUrl("type.googleapis.com/istio.workload.Address");
        addresses.forEach(address -> response.addResources(resource(address)));
        return response.build();
    }

    private static Resource resource(Address address) {
        String name = address.hasWorkload()
                ? address.getWorkload().getUid()
                : address.getService().getNamespace()
                        + "/"
                        + address.getService().getHostname();
        return Resource.newBuilder()
                .setName(name)
                .setVersion(Integer.toHexString(address.hashCode()))
                .setResource(Any.newBuilder().setValue(address.toByteString()))
                .build();
    }

    private static Resource resource(Authorization policy) {
        return Resource.newBuilder()
                .setName(policy.getNamespace() + "/" + policy.getName())
                .setResource(Any.newBuilder().setValue(policy.toByteString()))
                .build();
    }
}
