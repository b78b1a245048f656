package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.xds.mesh.MeshState;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Responses as they are read off the wire, and such as cannot be read. */
final class PushTest {
    private static DeltaDiscoveryResponse response() {
        return Pushes.addresses("the nonce", Pushes.workload("a"), Pushes.unusable("b"), Pushes.workload("c"))
                .toBuilder()
                .setSystemVersionInfo("v7")
                .addRemovedResources("gone")
                .addRemovedResources("also gone")
                .build();
    }

    private static List<Resource> resources(Push push) {
        List<Resource> all = new ArrayList<>();
        push.forEach(all::add);
        return all;
    }

    private static Push read(byte[] bytes) {
        return Push.read(new ByteArrayInputStream(bytes));
    }

    @Test
    void readsWhatWasSentAsOftenAsItIsAsked() {
        Push push = Pushes.onTheWire(response());

        assertThat(push.typeUrl()).isEqualTo(ResourceType.ADDRESS.typeUrl());
        assertThat(push.nonce()).isEqualTo("the nonce");
        assertThat(push.version()).isEqualTo("v7");
        assertThat(push.removed()).containsExactly("gone", "also gone");
        assertThat(push.resources()).isEqualTo(3);
        assertThat(resources(push)).isEqualTo(response().getResourcesList());
        assertThat(resources(push)).isEqualTo(response().getResourcesList());
    }

    @Test
    void readsOneThatCannotGoBackToItsBeginning() {
        Push push = Push.read(
                new FilterInputStream(new ByteArrayInputStream(response().toByteArray())) {
                    @Override
                    public boolean markSupported() {
                        return false;
                    }

                    @Override
                    public void reset() throws IOException {
                        throw new IOException("cannot");
                    }
                });

        assertThat(resources(push)).isEqualTo(response().getResourcesList());
        assertThat(resources(push)).isEqualTo(response().getResourcesList());
    }

    @Test
    void takesFieldsInAnyOrderAndLeavesOutWhatItDoesNotKnow() throws IOException {
        var bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.writeString(DeltaDiscoveryResponse.REMOVED_RESOURCES_FIELD_NUMBER, "gone");
        out.writeString(DeltaDiscoveryResponse.NONCE_FIELD_NUMBER, "n");
        out.writeInt64(77, 1);
        out.writeMessage(DeltaDiscoveryResponse.RESOURCES_FIELD_NUMBER, Pushes.workload("a"));
        out.writeBytes(9, ByteString.copyFromUtf8("of a later version"));
        out.writeString(DeltaDiscoveryResponse.TYPE_URL_FIELD_NUMBER, "type");
        out.writeMessage(DeltaDiscoveryResponse.RESOURCES_FIELD_NUMBER, Pushes.workload("b"));
        out.flush();

        Push push = read(bytes.toByteArray());

        assertThat(push.typeUrl()).isEqualTo("type");
        assertThat(push.nonce()).isEqualTo("n");
        assertThat(push.removed()).containsExactly("gone");
        assertThat(resources(push)).extracting(Resource::getName).containsExactly("a", "b");
    }

    @Test
    void agreesWithProtobufOnWhatCanBeReadWhereverItIsCutOff() {
        byte[] whole = response().toByteArray();
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            List<Resource> expected = null;
            try {
                expected = DeltaDiscoveryResponse.parseFrom(cut).getResourcesList();
            } catch (IOException e) {
                // Then ours must not be able to, either.
            }
            List<Resource> read = null;
            try {
                read = resources(read(cut));
            } catch (UnreadableResponse e) {
                assertThat(e).hasMessageContaining("protobuf");
            }
            assertThat(read).as("%d bytes of %d", length, whole.length).isEqualTo(expected);
        }
    }

    @Test
    void changesNothingForAResponseThatCanBeReadInPartOnly() throws IOException {
        var bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.writeString(DeltaDiscoveryResponse.TYPE_URL_FIELD_NUMBER, ResourceType.ADDRESS.typeUrl());
        out.writeString(DeltaDiscoveryResponse.REMOVED_RESOURCES_FIELD_NUMBER, "there before");
        out.writeMessage(DeltaDiscoveryResponse.RESOURCES_FIELD_NUMBER, Pushes.workload("good"));
        // A resource whose name says that it is longer than the resource.
        out.writeBytes(DeltaDiscoveryResponse.RESOURCES_FIELD_NUMBER, ByteString.copyFrom(new byte[] {
            Resource.NAME_FIELD_NUMBER << 3 | 2, 100, 'x'
        }));
        out.flush();
        MeshState mesh = new MeshState("");
        DeltaProtocol protocol = new DeltaProtocol(Recorded.node().node(), mesh, AdsCounters.none());
        protocol.respond(Pushes.addresses("1", Pushes.workload("there before")));
        Push damaged = read(bytes.toByteArray());

        assertThatThrownBy(() -> protocol.respond(damaged)).isInstanceOf(UnreadableResponse.class);

        assertThat(mesh.snapshot().workloads()).singleElement().hasToString("there before");
        assertThat(protocol.initialRequests().getFirst().getInitialResourceVersionsMap())
                .containsOnlyKeys("there before");
    }
}
