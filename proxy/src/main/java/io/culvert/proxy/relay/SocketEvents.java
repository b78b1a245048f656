package io.culvert.proxy.relay;

/**
 * What a {@link LoopSocket} tells its one user, on the loop. Edges: an event is not repeated until a read or write
 * would have blocked.
 */
public interface SocketEvents {
    /** Bytes, the end of the stream or an error can be read. */
    void onReadable();

    /** The socket takes bytes again, or its connect has ended. */
    void onWritable();

    /** The socket was closed by its loop: the loop ends, or {@code cause} escaped from one of the methods above. */
    void onLoopClosed(Throwable cause);
}
