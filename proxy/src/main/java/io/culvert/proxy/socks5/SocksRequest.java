package io.culvert.proxy.socks5;

import io.culvert.proxy.address.IpPort;
import io.culvert.xds.mesh.IpAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what an application says, RFC 1928 sections 3 and 4, piece by piece. It always knows how many bytes the next
 * piece has, so that nobody reads a byte that belongs to the application's own protocol: some send it without waiting
 * for our answer.
 *
 * <pre>
 *   GREETING -> METHODS -> COMMAND -> ADDRESS_TYPE -+-----------> ADDRESS -> PORT -> (target)
 *                                                  \-> LENGTH --/
 * </pre>
 *
 * No piece is longer than {@value #PIECE_MAX} bytes; five of them, and what lies between, make at most 519 bytes.
 */
final class SocksRequest {
    static final int PIECE_MAX = 255;

    private static final int VERSION = 5;
    private static final int NO_AUTHENTICATION = 0;
    private static final int CONNECT = 1;
    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;

    private enum Piece {
        GREETING,
        METHODS,
        COMMAND,
        ADDRESS_TYPE,
        LENGTH,
        ADDRESS,
        PORT
    }

    private byte[] piece = new byte[2];
    private Piece expected = Piece.GREETING;
    private int have;
    private int addressType;
    private byte[] address = new byte[0];

    /** What a piece led to. */
    sealed interface Step {
        /** Go on reading. */
        record More() implements Step {}

        /** Tell the application that no authentication is needed, and go on reading. */
        record MethodChosen() implements Step {}

        /** The request is complete. */
        record Complete(SocksTarget target) implements Step {}

        /** It is of no use. */
        record Refused(SocksRefusal refusal) implements Step {}
    }

    private static final Step MORE = new Step.More();

    /** How many bytes may be read now: at least one, and none of them is another's. */
    int missing() {
        return piece.length - have;
    }

    /** Takes the first {@code bytes} bytes of {@code from}, at most {@link #missing}. */
    Step take(byte[] from, int bytes) {
        System.arraycopy(from, 0, piece, have, bytes);
        have += bytes;
        return have < piece.length ? MORE : complete();
    }

    private Step complete() {
        return switch (expected) {
            case GREETING -> greeting();
            case METHODS -> methods();
            case COMMAND -> command();
            case ADDRESS_TYPE -> addressType();
            case LENGTH -> piece[0] == 0 ? refused("domain is empty") : next(Piece.ADDRESS, piece[0] & 0xff);
            case ADDRESS -> {
                address = piece;
                yield next(Piece.PORT, 2);
            }
            case PORT -> target(((piece[0] & 0xff) << 8) | (piece[1] & 0xff));
        };
    }

    private Step greeting() {
        if (piece[0] != VERSION) {
            return refused("unsupported version " + (piece[0] & 0xff));
        }
        return piece[1] == 0 ? refused("methods cannot be zero") : next(Piece.METHODS, piece[1] & 0xff);
    }

    private Step methods() {
        for (byte method : piece) {
            if (method == NO_AUTHENTICATION) {
                next(Piece.COMMAND, 2);
                return new Step.MethodChosen();
            }
        }
        return refused("only unauthenticated is supported");
    }

    private Step command() {
        if (piece[0] != VERSION) {
            return refused("unsupported version " + (piece[0] & 0xff));
        }
        return piece[1] == CONNECT ? next(Piece.ADDRESS_TYPE, 2) : refused("unsupported command " + (piece[1] & 0xff));
    }

    /** The byte before it is reserved, and may be anything. */
    private Step addressType() {
        addressType = piece[1] & 0xff;
        return switch (addressType) {
            case IPV4 -> next(Piece.ADDRESS, 4);
            case IPV6 -> next(Piece.ADDRESS, 16);
            case NAME -> next(Piece.LENGTH, 1);
            default -> refused("unsupported address type " + addressType);
        };
    }

    private Step target(int port) {
        if (addressType != NAME) {
            return new Step.Complete(new SocksTarget.Address(new IpPort(IpAddress.of(address), port)));
        }
        try {
            String name = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(address))
                    .toString();
            return new Step.Complete(new SocksTarget.Name(name, port));
        } catch (CharacterCodingException e) {
            return refused("domain is not a valid utf8 string: " + Arrays.toString(address));
        }
    }

    private Step next(Piece next, int bytes) {
        expected = next;
        piece = new byte[bytes];
        have = 0;
        return MORE;
    }

    private static Step refused(String text) {
        return new Step.Refused(SocksRefusal.protocol(text));
    }
}
