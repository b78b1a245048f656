package io.culvert.proxy.hbone;

/**
 * What a peer may still send on a stream.
 *
 * <p>At any time {@code open + owed + held = size}: open bytes may come, held ones came and wait here to be written on,
 * owed ones were written but are not announced yet. Announced is at half the size, so that frames of credit are rare
 * and the peer never stalls while we keep up.
 */
final class ReceiveWindow {
    private final int size;
    private int open;
    private int owed;

    /**
     * @param size what {@code open} shall come back to
     * @param open what the peer may send before the first announcement
     */
    ReceiveWindow(int size, int open) {
        this.size = size;
        this.open = open;
    }

    /** {@code bytes} have come. False if the peer was not allowed to send so many. */
    boolean take(int bytes) {
        if (bytes > open) {
            return false;
        }
        open -= bytes;
        return true;
    }

    /** {@code bytes} have been written on; how many are to be announced now, most often 0. */
    int credit(int bytes) {
        owed += bytes;
        if (owed < size / 2) {
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
        return size - open - owed;
    }
}
