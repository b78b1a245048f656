package io.culvert.proxy.relay;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What waits on a data loop for readers that are slow, and the bound of it.
 *
 * <p>Flow control bounds what waits for one reader (a stream's window); nothing in HTTP/2 bounds what waits for all of
 * them. So when the loop's buffers are more than {@link #most()}, whoever holds most is ended, and the next, until they
 * are not: one connection with an error that says why, instead of an end of the process for all of them.
 */
public final class HeldBytes implements DataLoop.Turn {
    private static final Logger LOG = LoggerFactory.getLogger(HeldBytes.class);

    /** The loop's working buffers, a turn in hand and what some readers leave: a bound below it would end everybody. */
    public static final long LEAST = 16L << 20;

    private final DataLoop loop;
    private final long most;
    private final Set<Holder> holders = Collections.newSetFromMap(new IdentityHashMap<>());
    /** Written by the loop alone; metrics read it from elsewhere. */
    private final AtomicLong ended = new AtomicLong();

    private boolean listed;

    /** Somebody in whose hands bytes wait. */
    public interface Holder {
        /** Bytes that wait. */
        int heldBytes();

        /** To end at once, and to let go of them. */
        void giveUp();
    }

    /**
     * Nobody holds anything.
     *
     * @param most bytes in buffers of the loop, at least {@link #LEAST}
     */
    HeldBytes(DataLoop loop, long most) {
        if (most < LEAST) {
            throw new IllegalArgumentException(most + " bytes of buffers are less than a loop needs: " + LEAST);
        }
        this.loop = loop;
        this.most = most;
    }

    /** Bytes in buffers of the loop beyond which somebody has to go. */
    public long most() {
        return most;
    }

    /** Connections that were ended for it. Any thread. */
    public long ended() {
        return ended.getOpaque();
    }

    /** {@code holder} has bytes that wait, from now on and until {@link #remove}. */
    public void add(Holder holder) {
        holders.add(holder);
    }

    /** Nothing waits any longer for {@code holder}. */
    public void remove(Holder holder) {
        holders.remove(holder);
    }

    /** So many bytes are in buffers now: behind this iteration's events somebody is ended, should they be too many. */
    void check(long bytes) {
        if (bytes > most && !listed) {
            listed = true;
            loop.addReady(this);
        }
    }

    @Override
    public void onTurn() {
        listed = false;
        while (loop.buffers().outstandingBytes() > most) {
            Holder largest = largest();
            if (largest == null) {
                // What is out is in writes that tunnels have not finished; there is one at most for each.
                return;
            }
            holders.remove(largest);
            ended.setOpaque(ended.getPlain() + 1);
            LOG.warn(
                    "data loop {} holds more than {} MiB for slow readers: the connection that held most of it, {} KiB,"
                            + " is ended (CULVERT_BUFFER_MEMORY_MIB is the bound for all loops)",
                    loop.index(),
                    most >> 20,
                    largest.heldBytes() >> 10);
            largest.giveUp();
        }
    }

    private @Nullable Holder largest() {
        Holder largest = null;
        int bytes = 0;
        for (Holder holder : holders) {
            if (holder.heldBytes() > bytes) {
                largest = holder;
                bytes = holder.heldBytes();
            }
        }
        return largest;
    }

    @Override
    public void onTurnFailed(Throwable cause) {
        listed = false;
    }
}
