package io.culvert.xds;

/**
 * A response that is no protobuf message, though it came as one. Nothing of it is applied; the stream is given up, as
 * for any message that gRPC cannot read. Unchecked, so that it passes through an edit of the mesh, which then changes
 * nothing.
 */
public final class UnreadableResponse extends RuntimeException {
    UnreadableResponse(Throwable cause) {
        super("invalid protobuf byte sequence: " + cause.getMessage(), cause);
    }
}
