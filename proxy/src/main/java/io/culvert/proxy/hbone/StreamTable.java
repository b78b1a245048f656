package io.culvert.proxy.hbone;

import io.netty.util.collection.IntObjectHashMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The open streams of a connection, what all of them together may send, and who of them waits to. */
final class StreamTable {
    /** Streams that we reset, newest first, whose last frames may still be on their way to us. */
    private static final int RESET_REMEMBERED = 64;

    private final IntObjectHashMap<HboneStream> streams = new IntObjectHashMap<>(4);
    private final ArrayDeque<HboneStream> parked = new ArrayDeque<>(4);
    private int @Nullable [] resetByUs;
    private int resets;
    private long sendWindow = Frames.DEFAULT_WINDOW;
    private int initialSendWindow = Frames.DEFAULT_WINDOW;

    @Nullable
    HboneStream get(int id) {
        return streams.get(id);
    }

    int size() {
        return streams.size();
    }

    void add(HboneStream stream) {
        streams.put(stream.id(), stream);
    }

    void remove(HboneStream stream) {
        streams.remove(stream.id());
    }

    /** A copy, for who changes the table meanwhile. */
    List<HboneStream> all() {
        return new ArrayList<>(streams.values());
    }

    // ---- streams that are no more

    void rememberReset(int id) {
        if (resetByUs == null) {
            resetByUs = new int[RESET_REMEMBERED];
        }
        resetByUs[resets++ % RESET_REMEMBERED] = id;
    }

    boolean wasResetByUs(int id) {
        if (resetByUs != null) {
            for (int known : resetByUs) {
                if (known == id) {
                    return true;
                }
            }
        }
        return false;
    }

    // ---- sending

    long sendWindow() {
        return sendWindow;
    }

    void spend(int bytes) {
        sendWindow -= bytes;
    }

    /** False if the window exceeds what HTTP/2 allows. */
    boolean widen(int bytes) {
        sendWindow += bytes;
        return sendWindow <= Integer.MAX_VALUE;
    }

    int initialSendWindow() {
        return initialSendWindow;
    }

    /** The peer's new SETTINGS_INITIAL_WINDOW_SIZE; false if it makes a stream's window exceed what HTTP/2 allows. */
    boolean initialSendWindow(int bytes) {
        int delta = bytes - initialSendWindow;
        initialSendWindow = bytes;
        for (HboneStream stream : streams.values()) {
            if (!stream.widen(delta)) {
                return false;
            }
        }
        return true;
    }

    /** {@code stream} has bytes to send and may not; once. */
    void park(HboneStream stream) {
        parked.addLast(stream);
    }

    /** Asks everyone who waits to try again, the longest waiting first. */
    void wake() {
        for (int count = parked.size(); count > 0; count--) {
            HboneStream stream = parked.pollFirst();
            if (stream != null) {
                stream.unpark();
            }
        }
    }
}
