package io.culvert.proxy.dns;

import io.culvert.xds.mesh.IpAddress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.dns.AbstractDnsOptPseudoRrRecord;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryEncoder;
import io.netty.handler.codec.dns.DatagramDnsResponseDecoder;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsPtrRecord;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsSection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** Messages by another implementation than ours: Netty's codec writes queries and reads answers. */
final class Messages {

    private static final InetSocketAddress SOMEWHERE = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 53);

    private Messages() {}

    static byte[] query(int id, String name, int type) {
        return query(id, name, type, 0);
    }

    /**
     * A query for class IN, with recursion desired.
     *
     * @param payload what its OPT record says; 0: it has none
     */
    static byte[] query(int id, String name, int type, int payload) {
        DatagramDnsQuery query = new DatagramDnsQuery(SOMEWHERE, SOMEWHERE, id);
        query.setRecursionDesired(true);
        query.addRecord(DnsSection.QUESTION, new DefaultDnsQuestion(name, DnsRecordType.valueOf(type)));
        if (payload > 0) {
            query.addRecord(DnsSection.ADDITIONAL, new AbstractDnsOptPseudoRrRecord(payload) {});
        }
        EmbeddedChannel encoder = new EmbeddedChannel(new DatagramDnsQueryEncoder());
        encoder.writeOutbound(query);
        DatagramPacket packet = encoder.readOutbound();
        byte[] bytes = ByteBufUtil.getBytes(packet.content());
        packet.release();
        encoder.finishAndReleaseAll();
        return bytes;
    }

    /**
     * An answer, read.
     *
     * @param records "name type value" in their order, of the answer section
     * @param sizes of the sections: answer, authority, additional
     */
    record Answer(
            int id,
            int code,
            boolean authoritative,
            boolean truncated,
            boolean recursionAvailable,
            String question,
            List<String> records,
            List<Integer> sizes) {}

    static Answer read(byte[] bytes) {
        EmbeddedChannel decoder = new EmbeddedChannel(new DatagramDnsResponseDecoder());
        decoder.writeInbound(new DatagramPacket(Unpooled.wrappedBuffer(bytes), SOMEWHERE, SOMEWHERE));
        DnsResponse response = decoder.readInbound();
        try {
            List<String> records = new ArrayList<>();
            for (int i = 0; i < response.count(DnsSection.ANSWER); i++) {
                records.add(text(response.recordAt(DnsSection.ANSWER, i)));
            }
            DnsQuestion question = response.count(DnsSection.QUESTION) == 0
                    ? new DefaultDnsQuestion(".", DnsRecordType.ANY)
                    : response.recordAt(DnsSection.QUESTION);
            return new Answer(
                    response.id(),
                    response.code().intValue(),
                    response.isAuthoritativeAnswer(),
                    response.isTruncated(),
                    response.isRecursionAvailable(),
                    question.name() + " " + question.type().name(),
                    records,
                    List.of(
                            response.count(DnsSection.ANSWER),
                            response.count(DnsSection.AUTHORITY),
                            response.count(DnsSection.ADDITIONAL)));
        } finally {
            response.release();
            decoder.finishAndReleaseAll();
        }
    }

    private static String text(DnsRecord record) {
        String head = record.name() + " " + record.type().name() + " ";
        return switch (record) {
            case DnsPtrRecord ptr -> head + ptr.hostname();
            case DnsRawRecord raw -> head + data(record.type(), raw.content());
            default -> head;
        };
    }

    private static String data(DnsRecordType type, ByteBuf content) {
        return type.equals(DnsRecordType.CNAME)
                ? DefaultDnsRecordDecoder.decodeName(content.duplicate())
                : IpAddress.of(ByteBufUtil.getBytes(content)).toString();
    }
}
