package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.workload.PortList;
import io.culvert.proto.workload.TunnelProtocol;
import io.culvert.proto.workload.Workload;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshState;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Resources that are allowed and should not be, and such as are not: the rest of their response applies. */
final class HostileResourcesTest {
    private static final int MEGABYTE = 1 << 20;
    /** What istiod takes of a request. */
    private static final int REQUEST_BYTES_MAX = 4 << 20;

    private static final ByteString IP4 = ByteString.copyFrom(new byte[] {10, 0, 0, 1});
    private static final ByteString MAPPED =
            ByteString.copyFrom(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, 0, 1});

    private final MeshState mesh = new MeshState("");
    private final DeltaProtocol protocol = new DeltaProtocol(Recorded.node().node(), mesh, new RecordingCounters());

    private static String megabyte(char letter) {
        return String.valueOf(letter).repeat(MEGABYTE);
    }

    private DeltaDiscoveryRequest push(Resource... resources) {
        return protocol.respond(Pushes.addresses("n", resources));
    }

    private String uidAt(String address) {
        return Objects.requireNonNull(mesh.snapshot().workloadByAddress("", IpAddress.parse(address)))
                .uid();
    }

    @Test
    void takesNamesOfAMegabyte() {
        Workload huge = Workload.newBuilder()
                .setUid(megabyte('u'))
                .setName(megabyte('n'))
                .setNamespace(megabyte('s'))
                .setHostname(megabyte('h'))
                .addAddresses(IP4)
                .putServices(megabyte('s') + "/" + megabyte('h'), PortList.getDefaultInstance())
                .build();
        DeltaDiscoveryRequest answer = push(Pushes.resource(huge), Pushes.workload("neighbour"));

        assertThat(answer.hasErrorDetail()).isFalse();
        assertThat(answer.getSerializedSize()).isLessThan(REQUEST_BYTES_MAX);
        assertThat(uidAt("10.0.0.1")).hasSize(MEGABYTE);
        assertThat(Objects.requireNonNull(mesh.snapshot().workloadByUid(megabyte('u')))
                        .name())
                .isEqualTo(megabyte('n'));
        assertThat(mesh.snapshot().stagedEndpoints()).hasSize(1);
        assertThat(mesh.snapshot().workloadByUid("neighbour")).isNotNull();
    }

    @Test
    void refusesManyNamesOfAMegabyteInARequestThatTheServerTakes() {
        Resource[] resources = IntStream.range(0, 9)
                .mapToObj(number -> number == 8
                        ? Pushes.workload("neighbour")
                        : Pushes.resource(Workload.newBuilder()
                                .setUid(number + megabyte('u'))
                                .setStatusValue(9)
                                .build()))
                .toArray(Resource[]::new);
        DeltaDiscoveryRequest answer = push(resources);

        assertThat(answer.getErrorDetail().getMessage()).startsWith("0uuuu");
        assertThat(answer.getSerializedSize()).isLessThan(REQUEST_BYTES_MAX);
        assertThat(mesh.snapshot().workloads()).hasSize(1);
    }

    @Test
    void ranksAnAddressAndItsMappedFormAsOne() {
        push(
                Pushes.resource(Workload.newBuilder()
                        .setUid("c//Pod/ns/mapped")
                        .addAddresses(MAPPED)
                        .setTunnelProtocol(TunnelProtocol.HBONE)
                        .build()),
                Pushes.resource(Workload.newBuilder()
                        .setUid("entry")
                        .addAddresses(IP4)
                        .setTunnelProtocol(TunnelProtocol.HBONE)
                        .build()));
        assertThat(uidAt("10.0.0.1")).isEqualTo("c//Pod/ns/mapped");
        assertThat(uidAt("::ffff:10.0.0.1")).isEqualTo("c//Pod/ns/mapped");

        protocol.respond(Pushes.addresses("n").toBuilder()
                .addRemovedResources("c//Pod/ns/mapped")
                .build());
        assertThat(uidAt("10.0.0.1")).isEqualTo("entry");
    }

    @Test
    void countsAnAddressThatOneWorkloadHasTwiceAsOne() {
        push(Pushes.resource(Workload.newBuilder()
                .setUid("w")
                .addAddresses(IP4)
                .addAddresses(MAPPED)
                .build()));
        assertThat(uidAt("10.0.0.1")).isEqualTo("w");

        protocol.respond(
                Pushes.addresses("n").toBuilder().addRemovedResources("w").build());
        assertThat(mesh.snapshot().workloadByAddress("", IpAddress.parse("10.0.0.1")))
                .isNull();
    }
}
