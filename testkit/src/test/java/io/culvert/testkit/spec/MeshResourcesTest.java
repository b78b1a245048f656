package io.culvert.testkit.spec;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.TunnelProtocol;
import io.culvert.proto.workload.Workload;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Ours beside what istiod was recorded to push for the same cluster. */
class MeshResourcesTest {
    @Test
    void workloadsAreAsIstiodTellsThem() throws IOException {
        Map<String, Address> recorded = recordedAddresses();
        for (Address address : ours().addresses()) {
            if (address.hasWorkload()) {
                assertThat(address).isEqualTo(recorded.get(MeshResources.name(address)));
            }
        }
    }

    @Test
    void servicesAreAsIstiodTellsThem() throws IOException {
        Map<String, Address> recorded = recordedAddresses();
        Set<String> comparable = Set.of(
                "default/echo-headless.default.svc.cluster.local",
                "default/echo-notready.default.svc.cluster.local",
                "plain/plain.plain.svc.cluster.local");
        List<Address> services = ours().addresses().stream()
                .filter(address -> comparable.contains(MeshResources.name(address)))
                .toList();
        assertThat(services).hasSameSizeAs(comparable);
        for (Address service : services) {
            assertThat(withoutFamilies(service)).isEqualTo(recorded.get(MeshResources.name(service)));
        }
    }

    /** The recorded services said nothing of families. */
    private static Address withoutFamilies(Address address) {
        Address.Builder builder = address.toBuilder();
        builder.getServiceBuilder().clearIpFamilies();
        return builder.build();
    }

    @Test
    void policiesAreAsIstiodTellsThem() throws IOException {
        Map<String, Authorization> recorded = new HashMap<>();
        for (Resource resource : recording("istiod-authorizations.bin").getResourcesList()) {
            recorded.put(
                    resource.getName(),
                    Authorization.parseFrom(resource.getResource().getValue()));
        }
        for (Authorization policy : ours().authorizations()) {
            assertThat(policy).isEqualTo(recorded.get(MeshResources.name(policy)));
        }
    }

    @Test
    void podThatIsNotCapturedYetIsToldWithoutTunnel() throws IOException {
        MeshSpec mesh = mesh();
        MeshResources resources = MeshResources.of(
                mesh, AddressPlan.of(mesh, 0), pod -> pod.name().equals("client"));
        assertThat(resources.addresses().stream().filter(Address::hasWorkload).map(Address::getWorkload))
                .filteredOn(workload -> workload.getTunnelProtocol() == TunnelProtocol.HBONE)
                .extracting(Workload::getName)
                .containsExactly("client");
    }

    private static MeshResources ours() throws IOException {
        MeshSpec mesh = mesh();
        return MeshResources.of(mesh, AddressPlan.of(mesh, 0));
    }

    private static MeshSpec mesh() throws IOException {
        return MeshFile.parse("recorded-mesh.yaml", new String(bytes("recorded-mesh.yaml"), StandardCharsets.UTF_8));
    }

    private static Map<String, Address> recordedAddresses() throws IOException {
        Map<String, Address> recorded = new HashMap<>();
        for (Resource resource : recording("istiod-addresses.bin").getResourcesList()) {
            recorded.put(resource.getName(), address(resource));
        }
        return recorded;
    }

    private static Address address(Resource resource) throws InvalidProtocolBufferException {
        return Address.parseFrom(resource.getResource().getValue());
    }

    private static DeltaDiscoveryResponse recording(String name) throws IOException {
        return DeltaDiscoveryResponse.parseFrom(bytes(name));
    }

    private static byte[] bytes(String name) throws IOException {
        try (InputStream stream = MeshResourcesTest.class.getResourceAsStream(name)) {
            return stream.readAllBytes();
        }
    }
}
