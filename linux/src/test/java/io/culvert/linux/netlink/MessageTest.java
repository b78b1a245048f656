package io.culvert.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.linux.KernelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MessageTest {

    private static byte[] sample() {
        MessageWriter out = new MessageWriter()
                .begin(24, MessageWriter.REQUEST, 7)
                .u32(0x01020304)
                .attribute(1, "eth0")
                .attributeU16BigEndian(2, 0x1234);
        int nest = out.nest(3);
        out.attributeU32(4, 99).attributeU64BigEndian(5, 1L << 40);
        out.close(nest).end();
        out.begin(25, 0, 8).end();
        return out.toBytes();
    }

    @Test
    void readsBackWhatWasWritten() throws KernelException {
        List<Message> messages = Message.parse(sample());

        assertThat(messages).extracting(Message::type).containsExactly(24, 25);
        assertThat(messages).extracting(Message::sequence).containsExactly(7, 8);
        Attributes attributes = messages.get(0).attributes(4);
        assertThat(attributes.string(1)).isEqualTo("eth0");
        assertThat(attributes.bytes(2)).containsExactly(0x12, 0x34);
        assertThat(attributes.nested(3).u32(4, 0)).isEqualTo(99);
        assertThat(attributes.nested(3).u64BigEndian(5, 0)).isEqualTo(1L << 40);
        assertThat(attributes.has(6)).isFalse();
        assertThat(attributes.u32(6, 42)).isEqualTo(42);
    }

    @Test
    void alignsEveryMessageToFourBytes() {
        byte[] bytes =
                new MessageWriter().begin(1, 0, 1).attribute(1, "ab").end().toBytes();

        assertThat(bytes.length % 4).isZero();
    }

    @Test
    void refusesAMessageLongerThanItsDatagram() {
        byte[] bytes = sample();
        ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).putInt(0, bytes.length + 1);

        assertThatThrownBy(() -> Message.parse(bytes))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("EPROTO");
    }

    @Test
    void refusesAMessageShorterThanItsHeader() {
        byte[] bytes = sample();
        ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).putInt(0, 15);

        assertThatThrownBy(() -> Message.parse(bytes)).isInstanceOf(KernelException.class);
    }

    @Test
    void refusesAnAttributeOutOfBounds() {
        ByteBuffer attribute =
                ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putShort((short) 9);

        assertThatThrownBy(() -> Attributes.parse(attribute.clear())).isInstanceOf(KernelException.class);
        attribute.putShort(0, (short) 3);
        assertThatThrownBy(() -> Attributes.parse(attribute.clear())).isInstanceOf(KernelException.class);
    }

    @Test
    void refusesAnAttributeShorterThanItsNumber() throws KernelException {
        byte[] bytes =
                new MessageWriter().begin(1, 0, 1).attributeU8(3, 1).end().toBytes();
        Attributes attributes = Message.parse(bytes).get(0).attributes(0);

        assertThat(attributes.u8(3, 0)).isEqualTo(1);
        assertThatThrownBy(() -> attributes.u32(3, 0)).isInstanceOf(KernelException.class);
    }

    @Test
    void readsAnyBytesOrRefusesThemAsAProtocolError() {
        Random random = new Random(20261121);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = Arrays.copyOf(sample(), random.nextInt(sample().length + 1));
            for (int flips = random.nextInt(4); flips > 0 && bytes.length > 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                for (Message message : Message.parse(bytes)) {
                    message.errno();
                    message.explanation();
                    message.attributes(4).nested(3).u32(4, 0);
                }
            } catch (KernelException e) {
                assertThat(e.errnoName()).isEqualTo("EPROTO");
            }
        }
    }

    @Test
    void refusesAttributesThatTheFormatCannotHold() {
        MessageWriter out = new MessageWriter().begin(1, 0, 1);

        assertThatThrownBy(() -> out.attribute(1, new byte[70_000])).isInstanceOf(IllegalArgumentException.class);
        int nest = out.nest(1);
        out.attribute(1, new byte[60_000]).attribute(1, new byte[60_000]);
        assertThatThrownBy(() -> out.close(nest)).isInstanceOf(IllegalArgumentException.class);
    }
}
