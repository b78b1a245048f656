package io.culvert.testkit.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.Workload;
import io.culvert.proto.workload.WorkloadStatus;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ScaleMeshTest {
    @Test
    void theFullSizeHasDistinctNamesAndAddressesAndFitsOneMessage() {
        Set<String> names = new HashSet<>();
        Set<ByteString> addresses = new HashSet<>();
        AtomicLong bytes = new AtomicLong();
        ScaleMesh.full().addresses().forEach(address -> {
            names.add(MeshResources.name(address));
            address.getWorkload().getAddressesList().forEach(addresses::add);
            bytes.addAndGet(address.getSerializedSize());
        });
        assertThat(names).hasSize(220_000);
        assertThat(addresses).hasSize(200_000);
        assertThat(bytes.get()).isBetween(50_000_000L, 150_000_000L);
        assertThat(ScaleMesh.full().authorizations()).hasSize(2_000);
    }

    @Test
    void twoRunsAreTheSameAndWorkloadsServeServicesThatExist() {
        ScaleMesh mesh = new ScaleMesh(100, 7, 3);
        assertThat(mesh.addresses()).containsExactlyElementsOf(mesh.addresses().toList());
        Set<String> services = new HashSet<>();
        mesh.addresses().filter(Address::hasService).map(MeshResources::name).forEach(services::add);
        assertThat(mesh.addresses().filter(Address::hasWorkload).map(Address::getWorkload))
                .allSatisfy(workload -> assertThat(services)
                        .containsAll(workload.getServicesMap().keySet()));
    }

    @Test
    void aChangeTouchesTheHealthAlone() {
        ScaleMesh mesh = new ScaleMesh(10, 2, 0);
        Workload sick = mesh.changed(3, false).getWorkload();
        assertThat(sick.getStatus()).isEqualTo(WorkloadStatus.UNHEALTHY);
        assertThat(sick.toBuilder().setStatus(WorkloadStatus.HEALTHY).build())
                .isEqualTo(mesh.addresses().skip(3).findFirst().orElseThrow().getWorkload());
    }

    @Test
    void impossibleSizesAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new ScaleMesh(0, 1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new ScaleMesh(1, 60_001, 0));
    }
}
