package io.culvert.proxy.hbone;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Header blocks of one connection (HPACK, RFC 7541).
 *
 * <p>Encoding uses the static table for names and never the dynamic one, and marks every field "never indexed": what we
 * send leaves no state at the peer. Decoding is Netty's, with a dynamic table only until the peer has acknowledged our
 * SETTINGS, which announce none: from then on the connection has no HPACK state at all.
 */
final class HeaderBlocks {
    /** ":status: 200" in the static table. */
    private static final int STATUS_200 = 0x88;
    /** Literal field, never indexed; the low four bits are an index for the name (RFC 7541 section 6.2.3). */
    private static final int NEVER_INDEXED = 0x10;

    private static final int NAME_AUTHORITY = 1;
    private static final int NAME_METHOD = 2;
    private static final int NAME_STATUS = 8;
    /** Dynamic table size update to zero (RFC 7541 section 6.3). */
    private static final int TABLE_SIZE_ZERO = 0x20;

    private final DefaultHttp2HeadersDecoder decoder;
    private boolean announceEmptyTable;
    private boolean announcedEmptyTable;

    HeaderBlocks(int headerListMax) {
        this.decoder = new DefaultHttp2HeadersDecoder(true, headerListMax);
    }

    /** The peer has acknowledged SETTINGS with HEADER_TABLE_SIZE 0. */
    void onOurSettingsAcknowledged() {
        try {
            decoder.maxHeaderTableSize(0);
        } catch (Http2Exception e) {
            throw new IllegalStateException("a table of size zero", e);
        }
    }

    /**
     * The peer allows us a dynamic table of {@code size}. A reduction has to be acknowledged in the next block, also by
     * who never used it.
     */
    void onPeerTableSize(int size) {
        if (!announcedEmptyTable && Integer.compareUnsigned(size, Frames.DEFAULT_HEADER_TABLE) < 0) {
            announceEmptyTable = true;
        }
    }

    // ---- decoding

    /** A malformed message: the stream it came on cannot go on, the connection can. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;
        private final boolean tooLarge;

        Malformed(String text, boolean tooLarge) {
            super(text, null, false, false);
            this.tooLarge = tooLarge;
        }

        boolean tooLarge() {
            return tooLarge;
        }
    }

    ConnectRequest decodeRequest(int stream, byte[] block, int bytes) throws Http2Error, Malformed {
        Http2Headers headers = decode(stream, block, bytes);
        CharSequence method = headers.method();
        CharSequence authority = headers.authority();
        if (method == null || headers.status() != null) {
            throw new Malformed("no request", false);
        }
        boolean connect = "CONNECT".contentEquals(method);
        boolean pathed = headers.path() != null || headers.scheme() != null;
        if (connect == pathed) {
            // RFC 9113 section 8.5: a CONNECT has neither; section 8.3.1: every other request has both.
            throw new Malformed("pseudo-header fields do not fit the method", false);
        }
        return new ConnectRequest(method.toString(), authority == null ? "" : authority.toString(), ordinary(headers));
    }

    ConnectResponse decodeResponse(int stream, byte[] block, int bytes) throws Http2Error, Malformed {
        Http2Headers headers = decode(stream, block, bytes);
        CharSequence status = headers.status();
        if (status == null || status.length() != 3 || headers.method() != null) {
            throw new Malformed("no response", false);
        }
        int code = 0;
        for (int i = 0; i < 3; i++) {
            int digit = status.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw new Malformed("status is no number", false);
            }
            code = code * 10 + digit;
        }
        return new ConnectResponse(code, ordinary(headers));
    }

    /** Trailers: nothing in them matters, but the table state does while there is one. */
    void decodeTrailers(int stream, byte[] block, int bytes) throws Http2Error, Malformed {
        decode(stream, block, bytes);
    }

    private Http2Headers decode(int stream, byte[] block, int bytes) throws Http2Error, Malformed {
        try {
            return decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(block, 0, bytes));
        } catch (Http2Exception.HeaderListSizeException e) {
            throw new Malformed("header list too large", true);
        } catch (Http2Exception.StreamException e) {
            throw new Malformed(String.valueOf(e.getMessage()), false);
        } catch (Http2Exception e) {
            throw new Http2Error((int) e.error().code(), String.valueOf(e.getMessage()));
        }
    }

    private static List<Header> ordinary(Http2Headers headers) {
        List<Header> result = new ArrayList<>(headers.size());
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            String name = field.getKey().toString();
            if (!name.startsWith(":")) {
                result.add(new Header(name, field.getValue().toString()));
            }
        }
        return result;
    }

    // ---- encoding

    byte[] encodeRequest(ConnectRequest request) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        startBlock(out);
        literal(out, NAME_METHOD, null, request.method());
        literal(out, NAME_AUTHORITY, null, request.authority());
        request.headers().forEach(header -> literal(out, 0, header.name(), header.value()));
        return out.toByteArray();
    }

    byte[] encodeResponse(int status, List<Header> headers) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(64);
        startBlock(out);
        if (status == 200) {
            out.write(STATUS_200);
        } else {
            literal(out, NAME_STATUS, null, Integer.toString(status));
        }
        headers.forEach(header -> literal(out, 0, header.name(), header.value()));
        return out.toByteArray();
    }

    private void startBlock(ByteArrayOutputStream out) {
        if (announceEmptyTable) {
            announceEmptyTable = false;
            announcedEmptyTable = true;
            out.write(TABLE_SIZE_ZERO);
        }
    }

    private static void literal(ByteArrayOutputStream out, int nameIndex, @Nullable String name, String value) {
        out.write(NEVER_INDEXED | nameIndex);
        if (name != null) {
            string(out, name);
        }
        string(out, value);
    }

    private static void string(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        // A length below 127 is the seven-bit prefix itself (RFC 7541 section 5.1).
        if (bytes.length < 127) {
            out.write(bytes.length);
        } else {
            out.write(127);
            int rest = bytes.length - 127;
            while (rest >= 128) {
                out.write(rest % 128 + 128);
                rest /= 128;
            }
            out.write(rest);
        }
        out.write(bytes, 0, bytes.length);
    }
}
