package io.culvert.linux;

import java.io.IOException;

/**
 * A record did not fit: more bytes than the receiver allows (MSG_TRUNC), or more descriptors, or more than this process
 * may have open (MSG_CTRUNC). Every descriptor that did arrive is closed. The record is gone; the connection could go
 * on, but its peer does not keep the protocol.
 */
public final class RecordTruncatedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final boolean ofDescriptors;

    RecordTruncatedException(boolean ofDescriptors, String message) {
        super(message);
        this.ofDescriptors = ofDescriptors;
    }

    /** True if descriptors were cut off, false if bytes were. */
    public boolean ofDescriptors() {
        return ofDescriptors;
    }
}
