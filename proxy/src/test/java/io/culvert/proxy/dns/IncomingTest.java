package io.culvert.proxy.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes to the server, of whatever origin: what is a question, what is refused, what is never answered. */
class IncomingTest {

    private static final int A = 1;

    private static DnsQuery question(byte[] message) {
        assertThat(Incoming.read(message)).isInstanceOf(Incoming.Question.class);
        return ((Incoming.Question) Incoming.read(message)).query();
    }

    private static void refused(byte[] message, int code) {
        assertThat(Incoming.read(message))
                .isInstanceOfSatisfying(
                        Incoming.Unusable.class,
                        unusable -> assertThat(unusable.code()).isEqualTo(code));
    }

    private static byte[] patched(byte[] message, int at, int value) {
        byte[] copy = message.clone();
        ByteBuffer.wrap(copy).putShort(at, (short) value);
        return copy;
    }

    @Test
    void readsAQuestionWhateverItsCase() {
        DnsQuery query = question(Messages.query(0xbeef, "WWW.Example.COM.", A));
        assertThat(query.id()).isEqualTo(0xbeef);
        assertThat(query.name()).isEqualTo(DnsName.of("www.example.com"));
        assertThat(query.type()).isEqualTo(RecordType.A);
        assertThat(query.internet()).isTrue();
        assertThat(query.edns()).isEqualTo(new Edns.Absent());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 511, 512, 1232, 65_535})
    void readsWhatAnOptRecordSays(int payload) {
        assertThat(question(Messages.query(1, "a.", A, payload)).edns())
                .isEqualTo(new Edns.Present(Math.max(512, payload), 0, false));
    }

    @Test
    void leavesOutWhatStandsBehindTheLastRecord() {
        byte[] whole = Messages.query(1, "a.b.", A, 1232);
        assertThat(question(Arrays.copyOf(whole, whole.length + 50)).bytes()).isEqualTo(whole);
    }

    @Test
    void aDotInsideALabelIsNoSeparator() {
        byte[] query = Messages.query(1, "wwwxgoogle.com.", A);
        query[12 + 1 + 3] = '.';
        assertThat(question(query).name().hostname()).isEqualTo("www\\.google.com");
        query[12 + 1 + 3] = (byte) 0xe9;
        assertThat(question(query).name().labelCount()).isEqualTo(2);
    }

    @Test
    void neverAnswersAnAnswer() {
        byte[] query = Messages.query(1, "a.", A);
        assertThat(Incoming.read(patched(query, 2, 0x8100))).isEqualTo(new Incoming.NotAnswerable());
        assertThat(Incoming.read(new byte[0])).isEqualTo(new Incoming.NotAnswerable());
        assertThat(Incoming.read(Arrays.copyOf(query, 11))).isEqualTo(new Incoming.NotAnswerable());
    }

    @Test
    void servesNoOtherOperationThanAQuery() {
        for (int opcode = 1; opcode < 16; opcode++) {
            refused(patched(Messages.query(1, "a.", A), 2, opcode << 11), Wire.NOT_IMPLEMENTED);
        }
    }

    @Test
    void takesOneQuestionAMessage() {
        refused(patched(Messages.query(1, "a.", A), 4, 0), Wire.FORMAT_ERROR);
        refused(patched(Messages.query(1, "a.", A), 4, 2), Wire.FORMAT_ERROR);
    }

    @Test
    void refusesAQuestionThatPoints() {
        byte[] query = Messages.query(1, "aa.", A);
        refused(patched(query, 12, 0xc00c), Wire.FORMAT_ERROR);
        refused(patched(query, 12, 0xc0ff), Wire.FORMAT_ERROR);
        refused(patched(query, 12, 0x4101), Wire.FORMAT_ERROR);
        refused(patched(query, 12, 0x8001), Wire.FORMAT_ERROR);
    }

    @Test
    void aNameHasAtMost255Bytes() {
        String label = "a".repeat(63) + ".";
        assertThat(question(Messages.query(1, label.repeat(3) + "a".repeat(61) + ".", A))
                        .name()
                        .labelCount())
                .isEqualTo(4);
        byte[] longest = Messages.query(1, label.repeat(3) + "a".repeat(61) + ".", A);
        byte[] longer = new byte[longest.length + 1];
        System.arraycopy(longest, 0, longer, 0, 12 + 192);
        longer[12 + 192] = 62;
        System.arraycopy(longest, 12 + 193, longer, 12 + 194, longest.length - 12 - 193);
        refused(longer, Wire.FORMAT_ERROR);
    }

    @Test
    void whatIsCutOffAnywhereIsRefused() {
        byte[] whole = Messages.query(1, "www.example.com.", A, 1232);
        for (int length = 12; length < whole.length; length++) {
            refused(Arrays.copyOf(whole, length), Wire.FORMAT_ERROR);
        }
    }

    @Test
    void countsThatAreNotTrueAreRefused() {
        for (int section = 6; section <= 10; section += 2) {
            refused(patched(Messages.query(1, "a.", A), section, 0xffff), Wire.FORMAT_ERROR);
        }
    }

    @Test
    void oneOptRecordOfTheRootAtMost() {
        byte[] one = Messages.query(1, "a.", A, 1232);
        byte[] two = Arrays.copyOf(one, one.length + 11);
        System.arraycopy(one, one.length - 11, two, one.length, 11);
        refused(patched(two, 10, 2), Wire.FORMAT_ERROR);
    }

    @Test
    void aRecordThatPointsToItselfIsPassedOver() {
        byte[] query = Messages.query(1, "a.", A);
        byte[] looped = Arrays.copyOf(query, query.length + 12);
        ByteBuffer.wrap(looped).putShort(10, (short) 1).putShort(query.length, (short) (0xc000 | query.length));
        assertThat(question(looped).edns()).isEqualTo(new Edns.Absent());
    }

    @Test
    void anyBytesAreReadWithoutHarm() {
        SplittableRandom random = new SplittableRandom(4711);
        byte[] whole = Messages.query(1, "www.example.com.", A, 1232);
        for (int i = 0; i < 50_000; i++) {
            byte[] message = i % 2 == 0 ? new byte[random.nextInt(80)] : whole.clone();
            if (i % 2 == 0) {
                random.nextBytes(message);
            } else {
                for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
                    message[random.nextInt(message.length)] = (byte) random.nextInt();
                }
            }
            switch (Incoming.read(message)) {
                case Incoming.Question question ->
                    assertThat(question.query().questionEnd()).isLessThanOrEqualTo(message.length);
                case Incoming.Unusable unusable ->
                    assertThat(AnswerWriter.refusal(unusable)).hasSize(12);
                case Incoming.NotAnswerable ignored ->
                    assertThat(message.length < 12 || message[2] < 0).isTrue();
            }
        }
    }
}
