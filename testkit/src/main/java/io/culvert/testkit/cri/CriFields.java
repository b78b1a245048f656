package io.culvert.testkit.cri;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Messages of the Container Runtime Interface by field number (k8s.io/cri-api, runtime/v1/api.proto): we use a few
 * fields of a few of its hundreds of messages, and generated classes for all of them would be most of the testkit.
 */
final class CriFields {
    private final UnknownFieldSet.Builder fields = UnknownFieldSet.newBuilder();

    CriFields text(int number, String value) {
        return bytes(number, ByteString.copyFrom(value, StandardCharsets.UTF_8));
    }

    CriFields texts(int number, List<String> values) {
        Field.Builder field = Field.newBuilder();
        values.forEach(value -> field.addLengthDelimited(ByteString.copyFromUtf8(value)));
        fields.addField(number, field.build());
        return this;
    }

    CriFields number(int number, long value) {
        fields.addField(number, Field.newBuilder().addVarint(value).build());
        return this;
    }

    CriFields message(int number, CriFields value) {
        return bytes(number, value.build().toByteString());
    }

    private CriFields bytes(int number, ByteString value) {
        fields.addField(number, Field.newBuilder().addLengthDelimited(value).build());
        return this;
    }

    UnknownFieldSet build() {
        return fields.build();
    }

    /** Empty where the field is absent. */
    static String text(UnknownFieldSet message, int number) {
        List<ByteString> values = message.getField(number).getLengthDelimitedList();
        return values.isEmpty() ? "" : values.getLast().toStringUtf8();
    }

    /** No fields where it is absent. */
    static List<UnknownFieldSet> messages(UnknownFieldSet message, int number) {
        return message.getField(number).getLengthDelimitedList().stream()
                .map(CriFields::parse)
                .toList();
    }

    private static UnknownFieldSet parse(ByteString bytes) {
        try {
            return UnknownFieldSet.parseFrom(bytes);
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("a field of a CRI answer is no message", e);
        }
    }
}
