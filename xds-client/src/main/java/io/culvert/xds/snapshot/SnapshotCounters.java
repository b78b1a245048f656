package io.culvert.xds.snapshot;

import java.time.Instant;

/** How the keeping of a snapshot goes. Written by the control thread, read by any. */
public final class SnapshotCounters {
    private volatile Instant asOf = Instant.EPOCH;
    private volatile long bytes;
    private volatile long writes;
    private volatile long failures;
    private volatile boolean givenUp;

    void stamped(Instant time, long size) {
        asOf = time;
        bytes = size;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void wrote(Instant time, long size) {
        stamped(time, size);
        writes++;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void failed() {
        failures++;
    }

    void givenUp(boolean now) {
        givenUp = now;
    }

    /** As of when the file tells the state; the epoch if there is none. */
    public Instant asOf() {
        return asOf;
    }

    /** The file's size. */
    public long bytes() {
        return bytes;
    }

    public long writes() {
        return writes;
    }

    public long failures() {
        return failures;
    }

    /** Whether changes were lost to the file, which only ages until the control plane has said everything anew. */
    public boolean givenUp() {
        return givenUp;
    }
}
