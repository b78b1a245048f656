package io.culvert.testkit.workload;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryDecoder;
import io.netty.handler.codec.dns.DatagramDnsQueryEncoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseDecoder;
import io.netty.handler.codec.dns.DatagramDnsResponseEncoder;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** DNS messages to and from bytes, by Netty's codec: another implementation than the one that is tested with them. */
final class DnsCodec {
    private static final InetSocketAddress SOMEWHERE = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 53);
    private static final long TTL_S = 60;

    private DnsCodec() {}

    /** A query with recursion desired. */
    static byte[] query(int id, String name, DnsRecordType type) {
        DatagramDnsQuery query = new DatagramDnsQuery(SOMEWHERE, SOMEWHERE, id);
        query.setRecursionDesired(true);
        query.addRecord(DnsSection.QUESTION, new DefaultDnsQuestion(name, type));
        return encoded(new DatagramDnsQueryEncoder(), query);
    }

    static DnsAnswer answer(byte[] message) throws IOException {
        DnsResponse response = decoded(new DatagramDnsResponseDecoder(), message, DnsResponse.class);
        try {
            List<String> records = new ArrayList<>();
            for (int i = 0; i < response.count(DnsSection.ANSWER); i++) {
                records.add(text(response.recordAt(DnsSection.ANSWER, i)));
            }
            return new DnsAnswer(
                    response.code().intValue(), response.isAuthoritativeAnswer(), response.isTruncated(), records);
        } finally {
            response.release();
        }
    }

    private static String text(DnsRecord record) throws IOException {
        String value = "";
        if (record instanceof DnsRawRecord raw) {
            boolean name = record.type().equals(DnsRecordType.CNAME);
            value = name
                    ? DefaultDnsRecordDecoder.decodeName(raw.content().duplicate())
                    : InetAddress.getByAddress(ByteBufUtil.getBytes(raw.content()))
                            .getHostAddress();
        }
        return record.name() + " " + record.type().name() + " " + value;
    }

    /** A query that came to a server; the taker releases it. */
    static DatagramDnsQuery question(byte[] message) throws IOException {
        return decoded(new DatagramDnsQueryDecoder(), message, DatagramDnsQuery.class);
    }

    /** The answer to it: the address, or that there is no such name. */
    static byte[] response(DatagramDnsQuery query, @Nullable InetAddress address) {
        DatagramDnsResponse response = new DatagramDnsResponse(SOMEWHERE, SOMEWHERE, query.id());
        DnsQuestion question = query.recordAt(DnsSection.QUESTION);
        response.addRecord(
                DnsSection.QUESTION, new DefaultDnsQuestion(question.name(), question.type(), question.dnsClass()));
        response.setRecursionDesired(query.isRecursionDesired()).setRecursionAvailable(true);
        if (address == null) {
            response.setCode(DnsResponseCode.NXDOMAIN);
        } else if (question.type().equals(DnsRecordType.A)) {
            ByteBuf content = Unpooled.wrappedBuffer(address.getAddress());
            response.addRecord(
                    DnsSection.ANSWER, new DefaultDnsRawRecord(question.name(), DnsRecordType.A, TTL_S, content));
        }
        return encoded(new DatagramDnsResponseEncoder(), response);
    }

    private static byte[] encoded(ChannelHandler encoder, Object message) {
        EmbeddedChannel channel = new EmbeddedChannel(encoder);
        var _ = channel.writeOutbound(message);
        DatagramPacket packet = channel.readOutbound();
        try {
            return ByteBufUtil.getBytes(packet.content());
        } finally {
            packet.release();
            var _ = channel.finishAndReleaseAll();
        }
    }

    private static <T> T decoded(ChannelHandler decoder, byte[] message, Class<T> kind) throws IOException {
        EmbeddedChannel channel = new EmbeddedChannel(decoder);
        try {
            var _ = channel.writeInbound(new DatagramPacket(Unpooled.wrappedBuffer(message), SOMEWHERE, SOMEWHERE));
            T read = kind.cast(channel.<Object>readInbound());
            var _ = channel.finish();
            return read;
        } catch (RuntimeException malformed) {
            throw new IOException("no DNS message: " + malformed.getMessage(), malformed);
        }
    }
}
