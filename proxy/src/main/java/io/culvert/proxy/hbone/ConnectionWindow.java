package io.culvert.proxy.hbone;

/**
 * What a peer may still send on a connection, all its streams together.
 *
 * <p>Streams whose readers have stalled hold what their own windows allow, and four of them would hold all of a
 * connection's: their neighbours would wait for readers that are none of theirs. So when little is left open, some more
 * is lent, for as long as the loop as a whole holds less than {@link #HELD_MAX}, and less than half of what it may.
 * What comes back repays the loan first.
 *
 * <p>At any time {@code open + owed + held = size + lent}, with the words of {@link ReceiveWindow}. What is owed is
 * announced when it is as much as what is open: at half the size while nobody stalls, and sooner the more is held, for
 * those who hold may never give it back.
 */
final class ConnectionWindow {
    /** Bytes in buffers of one loop beyond which nothing is lent: what stalled readers may cost the process. */
    static final long HELD_MAX = 32L << 20;

    /** What is lent at once, and how little must be left for it, as a part of the whole. */
    private static final int LOAN_PART = 8;

    private final int size;
    private int open;
    private int owed;
    private int lent;

    ConnectionWindow(int size) {
        this.size = size;
        this.open = size;
    }

    /** {@code bytes} have come. False if the peer was not allowed to send so many. */
    boolean take(int bytes) {
        if (bytes > open) {
            return false;
        }
        open -= bytes;
        return true;
    }

    /**
     * How many more are to be announced so that streams whose readers read go on, most often 0: what is owed, and a
     * loan if that is not enough.
     *
     * @param heldByLoop bytes in buffers of the loop, whoever holds them
     * @param mostByLoop at most so many
     */
    int widen(long heldByLoop, long mostByLoop) {
        int enough = size / LOAN_PART;
        if (open >= enough) {
            return 0;
        }
        boolean lends = open + owed < enough && heldByLoop < Math.min(HELD_MAX, mostByLoop / 2);
        if (!lends && owed < enough) {
            return 0;
        }
        int announce = owed + (lends ? enough : 0);
        lent += lends ? enough : 0;
        owed = 0;
        open += announce;
        return announce;
    }

    /** {@code bytes} have been written on; how many are to be announced now, most often 0. */
    int credit(int bytes) {
        int repaid = Math.min(lent, bytes);
        lent -= repaid;
        owed += bytes - repaid;
        if (owed < open) {
            return 0;
        }
        int announce = owed;
        owed = 0;
        open += announce;
        return announce;
    }

    /** Bytes that were credited and are not announced yet. */
    int owed() {
        return owed;
    }

    /** Bytes that came and were not credited yet. */
    int held() {
        return size + lent - open - owed;
    }
}
