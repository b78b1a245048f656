package io.culvert.proxy.relay;

/** Counts a relay's bytes while they flow: called on the loop for every write that succeeded. */
public interface ByteMeter {
    /** {@code bytes} more went from downstream (who opened the connection) to upstream. */
    void toUpstream(int bytes);

    /** {@code bytes} more went from upstream to downstream. */
    void toDownstream(int bytes);
}
