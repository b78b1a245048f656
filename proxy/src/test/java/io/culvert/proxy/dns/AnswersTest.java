package io.culvert.proxy.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.dns.ResolverAnswer.Worth;
import io.culvert.xds.mesh.IpAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What clients get, read by Netty's codec: answers of the mesh, refusals, and answers of resolvers. */
class AnswersTest {

    private static final int A = 1;
    private static final int ID = 0x1234;
    private static final List<IpAddress> ONE = List.of(IpAddress.parse("10.0.0.1"));

    private static DnsQuery query(String name, int type, int payload) {
        return ((Incoming.Question) Incoming.read(Messages.query(ID, name, type, payload))).query();
    }

    private static List<IpAddress> addresses(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> IpAddress.parse("240.0." + (i >> 8) + "." + (i & 255)))
                .toList();
    }

    /** A resolver's answer to the query, with that many addresses and as many bytes of an unknown type behind. */
    private static byte[] resolved(DnsQuery query, int id, int flags, int answers) {
        ByteBuffer out = ByteBuffer.allocate(query.questionEnd() + answers * 16 + 15);
        out.putShort((short) id).putShort((short) flags).putShort((short) 1);
        out.putShort((short) answers).putShort((short) 0).putShort((short) 1);
        out.put(query.bytes(), 12, query.questionEnd() - 12);
        for (int i = 0; i < answers; i++) {
            out.putShort((short) 0xc00c)
                    .putShort((short) A)
                    .putShort((short) 1)
                    .putInt(77)
                    .putShort((short) 4);
            out.putInt(0x0a000000 + i);
        }
        out.putShort((short) 0xc00c)
                .putShort((short) 65_280)
                .putShort((short) 1)
                .putInt(77)
                .putShort((short) 3);
        out.put(new byte[] {1, 2, 3});
        return out.array();
    }

    @Test
    void theMeshAnswersWithAuthorityUnderTheNameAskedFor() {
        Messages.Answer answer =
                Messages.read(AnswerWriter.ofMesh(query("Product.ns1.", A, 0), ONE, 0, Edns.PLAIN_BYTES));
        assertThat(answer)
                .isEqualTo(new Messages.Answer(
                        ID,
                        Wire.NO_ERROR,
                        true,
                        false,
                        true,
                        "Product.ns1. A",
                        List.of("Product.ns1. A 10.0.0.1"),
                        List.of(1, 0, 0)));
    }

    @Test
    void everyRecordOfTheMeshLivesThirtySeconds() {
        byte[] answer = AnswerWriter.ofMesh(query("a.", A, 0), ONE, 0, Edns.PLAIN_BYTES);
        assertThat(ByteBuffer.wrap(answer).getInt(answer.length - 10)).isEqualTo(30);
    }

    @Test
    void anAliasStandsBeforeTheAddressesOfItsTarget() {
        DnsQuery asked = query("productpage.ns1.ns1.svc.cluster.local.", A, 0);
        assertThat(Messages.read(AnswerWriter.ofMesh(asked, ONE, 2, Edns.PLAIN_BYTES))
                        .records())
                .containsExactly(
                        "productpage.ns1.ns1.svc.cluster.local. CNAME productpage.ns1.", "productpage.ns1. A 10.0.0.1");
    }

    @Test
    void aNameWithoutRecordsIsNoErrorAndHasNone() {
        Messages.Answer answer = Messages.read(AnswerWriter.ofMesh(query("a.", 28, 0), List.of(), 0, Edns.PLAIN_BYTES));
        assertThat(answer.code()).isEqualTo(Wire.NO_ERROR);
        assertThat(answer.authoritative()).isTrue();
        assertThat(answer.sizes()).containsExactly(0, 0, 0);
    }

    @Test
    void ofALargeAnswerComesWhatFitsAndTheMarkThatThereIsMore() {
        DnsQuery plain = query("large.com.", A, 0);
        Messages.Answer cut = Messages.read(AnswerWriter.ofMesh(plain, addresses(256), 0, Edns.PLAIN_BYTES));
        assertThat(cut.truncated()).isTrue();
        assertThat(cut.records()).hasSize(30);
        DnsQuery edns = query("large.com.", A, 1232);
        byte[] bytes = AnswerWriter.ofMesh(edns, addresses(256), 0, edns.edns().udpBytesMax());
        assertThat(bytes.length).isLessThanOrEqualTo(1232);
        assertThat(Messages.read(bytes).truncated()).isTrue();
        assertThat(Messages.read(bytes).records()).hasSize(74);
        Messages.Answer whole = Messages.read(AnswerWriter.ofMesh(plain, addresses(256), 0, Wire.MESSAGE_BYTES_MAX));
        assertThat(whole.truncated()).isFalse();
        assertThat(whole.records()).hasSize(256);
    }

    @Test
    void theLargestMessageHoldsAsManyAddressesAsAreLookedFor() {
        DnsQuery asked = query("large.com.", A, 1232);
        byte[] bytes = AnswerWriter.ofMesh(asked, addresses(MeshNames.ADDRESSES_MAX), 0, Wire.MESSAGE_BYTES_MAX);
        assertThat(bytes.length).isLessThanOrEqualTo(Wire.MESSAGE_BYTES_MAX);
        assertThat(Messages.read(bytes).records()).hasSize(4_093);
    }

    @Test
    void anOptRecordIsAnsweredByOneAndItsSizeIsAtLeast512() {
        byte[] answer = AnswerWriter.ofMesh(query("a.", A, 100), ONE, 0, Edns.PLAIN_BYTES);
        assertThat(Messages.read(answer).sizes()).containsExactly(1, 0, 1);
        assertThat(ByteBuffer.wrap(answer).getShort(answer.length - 8)).isEqualTo((short) 512);
        byte[] query = Messages.query(ID, "a.", A, 4096);
        query[query.length - 5] = 1;
        query[query.length - 4] = (byte) 0x80;
        DnsQuery dnssec = ((Incoming.Question) Incoming.read(query)).query();
        byte[] repeated = AnswerWriter.ofMesh(dnssec, ONE, 0, Edns.PLAIN_BYTES);
        assertThat(Arrays.copyOfRange(repeated, repeated.length - 11, repeated.length))
                .isEqualTo(Arrays.copyOfRange(query, query.length - 11, query.length));
    }

    @Test
    void aFailureRepeatsTheQuestion() {
        Messages.Answer answer = Messages.read(AnswerWriter.failure(query("a.b.", A, 1232), Wire.SERVER_FAILURE));
        assertThat(answer.code()).isEqualTo(Wire.SERVER_FAILURE);
        assertThat(answer.authoritative()).isFalse();
        assertThat(answer.question()).isEqualTo("a.b. A");
        assertThat(answer.sizes()).containsExactly(0, 0, 1);
    }

    @Test
    void aResolversAnswerKeepsItsRecordsAndHasNoAuthority() {
        DnsQuery asked = query("www.bing.com.", A, 0);
        byte[] answer = ResolverAnswer.forClient(resolved(asked, 99, 0x85a0, 2), asked, Edns.PLAIN_BYTES);
        assertThat(Messages.read(answer))
                .isEqualTo(new Messages.Answer(
                        ID,
                        Wire.NO_ERROR,
                        false,
                        false,
                        true,
                        "www.bing.com. A",
                        List.of("www.bing.com. A 10.0.0.0", "www.bing.com. A 10.0.0.1"),
                        List.of(2, 0, 1)));
        assertThat(ByteBuffer.wrap(answer).getShort(2))
                .as("nothing was verified")
                .isEqualTo((short) 0x8180);
    }

    @Test
    void aResolversAnswerThatDoesNotFitIsCutBetweenRecords() {
        DnsQuery plain = query("www.bing.com.", A, 0);
        Messages.Answer cut =
                Messages.read(ResolverAnswer.forClient(resolved(plain, 99, 0x8180, 100), plain, Edns.PLAIN_BYTES));
        assertThat(cut.truncated()).isTrue();
        assertThat(cut.records()).hasSize(30);
        assertThat(cut.sizes()).containsExactly(30, 0, 0);
        DnsQuery edns = query("www.bing.com.", A, 512);
        assertThat(Messages.read(ResolverAnswer.forClient(resolved(edns, 99, 0x8180, 100), edns, 512))
                        .sizes())
                .containsExactly(29, 0, 1);
    }

    @Test
    void onlyTheAnswerToTheQuestionIsOne() {
        DnsQuery asked = query("www.bing.com.", A, 0);
        byte[] good = resolved(asked, 99, 0x8180, 2);
        assertThat(ResolverAnswer.judge(good, asked, 99)).isEqualTo(Worth.ANSWER);
        assertThat(ResolverAnswer.judge(good, asked, 98)).isEqualTo(Worth.NONE);
        assertThat(ResolverAnswer.judge(resolved(asked, 99, 0x0100, 2), asked, 99))
                .isEqualTo(Worth.NONE);
        assertThat(ResolverAnswer.judge(good, query("www.ding.com.", A, 0), 99)).isEqualTo(Worth.NONE);
        assertThat(ResolverAnswer.judge(good, query("www.bing.com.", 28, 0), 99))
                .isEqualTo(Worth.NONE);
        assertThat(ResolverAnswer.judge(good, query("WWW.bing.COM.", A, 0), 99)).isEqualTo(Worth.ANSWER);
        assertThat(ResolverAnswer.judge(resolved(asked, 99, 0x8183, 0), asked, 99))
                .isEqualTo(Worth.ANSWER);
        assertThat(ResolverAnswer.judge(resolved(asked, 99, 0x8380, 2), asked, 99))
                .isEqualTo(Worth.TRUNCATED);
        for (int code : new int[] {1, 2, 4, 5}) {
            assertThat(ResolverAnswer.judge(resolved(asked, 99, 0x8180 | code, 0), asked, 99))
                    .isEqualTo(Worth.FAILURE);
        }
    }

    @Test
    void aMalformedAnswerIsNone() {
        DnsQuery asked = query("www.bing.com.", A, 0);
        byte[] good = resolved(asked, 99, 0x8180, 2);
        for (int length = 0; length < good.length; length++) {
            assertThat(ResolverAnswer.judge(Arrays.copyOf(good, length), asked, 99))
                    .isEqualTo(Worth.NONE);
        }
        SplittableRandom random = new SplittableRandom(4711);
        for (int i = 0; i < 20_000; i++) {
            byte[] message = good.clone();
            for (int flips = random.nextInt(1, 8); flips > 0; flips--) {
                message[random.nextInt(message.length)] = (byte) random.nextInt();
            }
            Worth worth = ResolverAnswer.judge(message, asked, 99);
            if (worth == Worth.ANSWER || worth == Worth.TRUNCATED) {
                assertThat(ResolverAnswer.forClient(message, asked, 60).length).isLessThanOrEqualTo(60);
            }
        }
    }

    @Test
    void readsResolvConf() {
        ResolvConf read = ResolvConf.parse("""
                # a comment
                search a.example b.example
                nameserver 10.96.0.10
                nameserver\tfd00::a
                nameserver fe80::1%eth0
                nameserver nonsense
                nameserver 10.0.0.3
                nameserver 10.0.0.4
                options ndots:5 timeout:1 attempts:99
                """);
        assertThat(read.servers())
                .extracting(Object::toString)
                .containsExactly("/10.96.0.10:53", "/[fd00:0:0:0:0:0:0:a]:53", "/10.0.0.3:53");
        assertThat(read.timeoutMs()).isEqualTo(1000);
        assertThat(read.attempts()).isEqualTo(5);
        assertThat(ResolvConf.parse("")).isEqualTo(new ResolvConf(Collections.emptyList(), 5_000, 2));
        assertThat(ResolvConf.parse("options timeout:0 attempts:x").timeoutMs()).isEqualTo(1000);
    }
}
