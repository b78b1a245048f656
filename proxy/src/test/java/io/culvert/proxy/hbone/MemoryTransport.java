package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.Transport;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A transport whose other end is the test: what was written is in {@link #taken()}, {@link #receive} is what the peer
 * says.
 */
final class MemoryTransport implements Transport {
    private final DataLoop loop;
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private @Nullable TransportEvents events;
    /** Bytes that the peer does not take. */
    int backlog;

    boolean closed;

    MemoryTransport(DataLoop loop) {
        this.loop = loop;
    }

    @Override
    public DataLoop loop() {
        return loop;
    }

    @Override
    public void attach(TransportEvents newEvents) {
        events = newEvents;
        newEvents.onEstablished();
    }

    @Override
    public void write(RawBuffer buffer, int at, int bytes) {
        byte[] copy = new byte[bytes];
        buffer.copyTo(at, copy, 0, bytes);
        written.writeBytes(copy);
    }

    @Override
    public void push() {}

    @Override
    public int backlogBytes() {
        return backlog;
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public void abort() {
        closed = true;
    }

    /** What was written since the last call. */
    byte[] taken() {
        byte[] bytes = written.toByteArray();
        written.reset();
        return bytes;
    }

    /** The peer says {@code bytes}, in one piece. */
    void receive(byte[] bytes, int from, int count) {
        TransportEvents user = events;
        if (user == null || closed) {
            return;
        }
        RawBuffer buffer = loop.buffers().large();
        buffer.copyFrom(bytes, from, 0, count);
        user.onBytes(buffer, 0, count);
        loop.flushGathered();
        buffer.release();
    }
}
