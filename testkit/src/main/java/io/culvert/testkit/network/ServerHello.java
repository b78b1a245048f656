package io.culvert.testkit.network;

import com.google.protobuf.ByteString;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;

/**
 * What a TLS server chose, which goes over the wire in the clear (RFC 8446 section 4.1.3): the only outside witness of
 * cipher and key exchange.
 *
 * @param version 0x0304 for TLS 1.3
 * @param group of the key exchange; 0 if the message names none
 */
public record ServerHello(int version, int cipherSuite, int group) {
    private static final int HANDSHAKE = 22;
    private static final int SERVER_HELLO = 2;
    private static final int RANDOM_BYTES = 32;
    private static final int SUPPORTED_VERSIONS = 0x002b;
    private static final int KEY_SHARE = 0x0033;

    /** Reads the beginning of what a server sends; empty if that is no ServerHello, or not all of it is there. */
    public static Optional<ServerHello> parse(ByteString stream) {
        try {
            return read(stream.asReadOnlyByteBuffer());
        } catch (BufferUnderflowException | IllegalArgumentException short_) {
            return Optional.empty();
        }
    }

    private static Optional<ServerHello> read(ByteBuffer in) {
        if (in.get() != HANDSHAKE || in.get() != 3) {
            return Optional.empty();
        }
        in.position(in.position() + 3); // minor version and length of the record
        if (in.get() != SERVER_HELLO) {
            return Optional.empty();
        }
        in.position(in.position() + 3); // length of the message
        int version = number16(in);
        in.position(in.position() + RANDOM_BYTES);
        int sessionIdBytes = in.get() & 0xff;
        in.position(in.position() + sessionIdBytes);
        int cipherSuite = number16(in);
        in.position(in.position() + 1); // compression
        int group = 0;
        int end = number16(in) + in.position();
        while (in.position() < end) {
            int type = number16(in);
            int length = number16(in);
            int next = in.position() + length;
            if (type == SUPPORTED_VERSIONS) {
                version = number16(in);
            } else if (type == KEY_SHARE) {
                group = number16(in);
            }
            if (next > in.limit()) {
                break; // A post-quantum key share may reach into the next segment; what matters stood in front.
            }
            in.position(next);
        }
        return Optional.of(new ServerHello(version, cipherSuite, group));
    }

    private static int number16(ByteBuffer in) {
        return in.getShort() & 0xffff;
    }

    /** The version by its customary name. */
    public String versionName() {
        return switch (version) {
            case 0x0304 -> "TLS 1.3";
            case 0x0303 -> "TLS 1.2";
            default -> hex(version);
        };
    }

    /** The cipher suite by its IANA name. */
    public String cipherName() {
        return switch (cipherSuite) {
            case 0x1301 -> "TLS_AES_128_GCM_SHA256";
            case 0x1302 -> "TLS_AES_256_GCM_SHA384";
            case 0x1303 -> "TLS_CHACHA20_POLY1305_SHA256";
            default -> hex(cipherSuite);
        };
    }

    /** The key exchange group by its IANA name. */
    public String groupName() {
        return switch (group) {
            case 0x0017 -> "secp256r1";
            case 0x0018 -> "secp384r1";
            case 0x001d -> "x25519";
            case 0x11ec -> "X25519MLKEM768";
            default -> hex(group);
        };
    }

    private static String hex(int number) {
        return String.format(Locale.ROOT, "0x%04x", number);
    }
}
