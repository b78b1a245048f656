package io.culvert.proto;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.workload.Address;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Responses of istiod at istio/istio 86c9f01, recorded from its discovery server. */
final class RecordedPushesTest {
    private static final String ADDRESS = "type.googleapis.com/istio.workload.Address";
    private static final String AUTHORIZATION = "type.googleapis.com/istio.security.Authorization";

    @ParameterizedTest
    @CsvSource({
        "01-address-initial, 29, 0",
        "02-authorization-initial, 10, 0",
        "03-address-pod-added, 1, 0",
        "04-address-pod-not-ready, 1, 0",
        "05-address-pod-removed, 0, 1",
        "06-address-service-removed, 0, 1",
        "07-authorization-removed, 0, 1",
        "09-ondemand-0, 0, 1",
        "11-ondemand-2, 1, 0",
        "12-ondemand-3, 0, 1",
    })
    void decodesEveryFieldOfARecordedPush(String name, int resources, int removed) throws IOException {
        DeltaDiscoveryResponse response = recorded(name);

        assertThat(unknownFields(response, name)).isEmpty();
        assertThat(response.getResourcesList()).hasSize(resources);
        assertThat(response.getRemovedResourcesList()).hasSize(removed);
        assertThat(response.getNonce()).isNotEmpty();
        for (Resource resource : response.getResourcesList()) {
            Message payload = payload(response.getTypeUrl(), resource.getResource());
            assertThat(unknownFields(payload, resource.getName())).isEmpty();
            assertThat(payload(response.getTypeUrl(), repacked(payload, resource)))
                    .isEqualTo(payload);
        }
    }

    @ParameterizedTest
    @CsvSource({"08-ondemand-start", "10-ondemand-1"})
    void decodesEveryFieldOfAnAnswerOnDemand(String name) throws IOException {
        DeltaDiscoveryResponse response = recorded(name);

        assertThat(unknownFields(response, name)).isEmpty();
        for (Resource resource : response.getResourcesList()) {
            Message payload = payload(response.getTypeUrl(), resource.getResource());
            assertThat(unknownFields(payload, resource.getName())).isEmpty();
        }
    }

    @Test
    void noticesAFieldThatItDoesNotKnow() throws IOException {
        byte[] known = recorded("05-address-pod-removed").toByteArray();
        byte[] more = java.util.Arrays.copyOf(known, known.length + 3);
        // Field 100, a varint.
        more[known.length] = (byte) 0xa0;
        more[known.length + 1] = 0x06;
        more[known.length + 2] = 1;

        assertThat(unknownFields(DeltaDiscoveryResponse.parseFrom(more), "changed"))
                .containsExactly("changed: 100");
    }

    private static Any repacked(Message payload, Resource resource) {
        return resource.getResource().toBuilder()
                .setValue(payload.toByteString())
                .build();
    }

    private static DeltaDiscoveryResponse recorded(String name) throws IOException {
        try (var stream = RecordedPushesTest.class.getResourceAsStream("/istiod/" + name + ".bin")) {
            return DeltaDiscoveryResponse.parseFrom(Objects.requireNonNull(stream, name));
        }
    }

    private static Message payload(String typeUrl, Any payload) throws InvalidProtocolBufferException {
        return switch (typeUrl) {
            case ADDRESS -> Address.parseFrom(payload.getValue());
            case AUTHORIZATION -> Authorization.parseFrom(payload.getValue());
            default -> throw new AssertionError("unexpected type " + typeUrl);
        };
    }

    private static List<String> unknownFields(MessageOrBuilder message, String path) {
        List<String> found = new ArrayList<>();
        message.getUnknownFields().asMap().keySet().forEach(number -> found.add(path + ": " + number));
        message.getAllFields().forEach((field, value) -> {
            List<?> values = value instanceof List<?> list ? list : List.of(value);
            for (Object element : values) {
                if (element instanceof Message nested) {
                    found.addAll(unknownFields(nested, path + "/" + field.getName()));
                }
            }
        });
        return found;
    }
}
