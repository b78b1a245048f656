package io.culvert.proxy.relay;

import io.netty.channel.unix.DatagramSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import io.netty.internal.tcnative.SSL;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A piece of native memory that belongs to one data loop: the only place where this program handles addresses.
 *
 * <p>Every offset is checked against the capacity and every use against the reference count, also those that hand the
 * memory to a socket or to BoringSSL; a wrong index is an exception here instead of somebody else's bytes on the wire.
 * The arena is confined to the loop's thread, so that use by another thread is an exception too.
 *
 * <p>Counted references: {@link BufferPool} hands a buffer out with one reference; who keeps it longer than a call says
 * {@link #retain()}, and whoever releases the last one gives it back to the pool. Multi-byte values are in network
 * order.
 */
public final class RawBuffer {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong NATIVE_LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    /** Size of struct iovec: base address and length, eight bytes each on every 64-bit Linux. */
    static final int IOVEC_BYTES = 16;

    private final BufferPool pool;
    private final Arena arena;
    private final MemorySegment memory;
    private final long address;
    private final int capacity;
    private int references;

    RawBuffer(BufferPool pool, int capacity) {
        this.pool = pool;
        this.arena = Arena.ofConfined();
        this.memory = arena.allocate(capacity, 64);
        this.address = memory.address();
        this.capacity = capacity;
    }

    public int capacity() {
        return capacity;
    }

    // ---- life

    void handOut() {
        if (references != 0) {
            throw new IllegalStateException("buffer handed out twice");
        }
        references = 1;
    }

    int references() {
        return references;
    }

    public void retain() {
        checkAlive();
        references++;
    }

    public void release() {
        checkAlive();
        if (--references == 0) {
            pool.takeBack(this);
        }
    }

    void free() {
        arena.close();
    }

    // ---- values

    public int getByte(int at) {
        checkAlive();
        return memory.get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }

    public int getInt(int at) {
        checkAlive();
        return memory.get(INT, at);
    }

    public void putByte(int at, int value) {
        checkAlive();
        memory.set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }

    public void putInt(int at, int value) {
        checkAlive();
        memory.set(INT, at, value);
    }

    public void putLong(int at, long value) {
        checkAlive();
        memory.set(LONG, at, value);
    }

    public void copyTo(int at, RawBuffer target, int targetAt, int bytes) {
        checkAlive();
        target.checkAlive();
        MemorySegment.copy(memory, at, target.memory, targetAt, bytes);
    }

    public void copyTo(int at, byte[] target, int targetAt, int bytes) {
        checkAlive();
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at, target, targetAt, bytes);
    }

    public void copyFrom(byte[] source, int sourceAt, int at, int bytes) {
        checkAlive();
        MemorySegment.copy(source, sourceAt, memory, ValueLayout.JAVA_BYTE, at, bytes);
    }

    /** Overwrites with zeroes: for memory that held a private key. */
    public void wipe(int at, int bytes) {
        check(at, bytes);
        memory.asSlice(at, bytes).fill((byte) 0);
    }

    // ---- sockets

    /**
     * Reads at most {@code bytes} (at least one) into {@code [at, at + bytes)}: how many, 0 if it would block, -1 at
     * the end of the stream.
     */
    int receive(FileDescriptor socket, int at, int bytes) throws IOException {
        check(at, bytes);
        if (bytes == 0) {
            throw new IllegalArgumentException("no room to read into");
        }
        return socket.readAddress(address, at, at + bytes);
    }

    /** Writes from {@code [at, at + bytes)}: how many were taken, 0 if it would block. */
    int send(FileDescriptor socket, int at, int bytes) throws IOException {
        check(at, bytes);
        return socket.writeAddress(address, at, at + bytes);
    }

    /**
     * Reads one datagram into {@code [at, at + bytes)}, or its beginning if it is longer: who sent it, and how many
     * bytes came. Null if none is there.
     */
    @Nullable
    DatagramSocketAddress receiveFrom(Socket socket, int at, int bytes) throws IOException {
        check(at, bytes);
        return socket.recvFromAddress(address, at, at + bytes);
    }

    /** Sends {@code [at, at + bytes)} as one datagram: how many bytes were taken, 0 if it would block. */
    int sendTo(Socket socket, int at, int bytes, InetSocketAddress to) throws IOException {
        check(at, bytes);
        return socket.sendToAddress(address, at, at + bytes, to.getAddress(), to.getPort());
    }

    /**
     * Makes this buffer's entry {@code index} of a struct iovec array point to {@code bytes} bytes of {@code source}.
     */
    void putIoVec(int index, RawBuffer source, int at, int bytes) {
        checkAlive();
        source.check(at, bytes);
        memory.set(NATIVE_LONG, (long) index * IOVEC_BYTES, source.address + at);
        memory.set(NATIVE_LONG, (long) index * IOVEC_BYTES + 8, bytes);
    }

    /**
     * Writes what the first {@code entries} entries of this iovec array point to: how many bytes were taken, 0 if it
     * would block.
     */
    long sendIoVecs(FileDescriptor socket, int entries) throws IOException {
        check(0, entries * IOVEC_BYTES);
        return socket.writevAddresses(address, entries);
    }

    // ---- TLS (tcnative's byte-buffer BIO)

    /** Lets the BIO read cipher text from {@code [at, at + bytes)}, until cleared. */
    public void lendToBioForReading(long bio, int at, int bytes) {
        check(at, bytes);
        SSL.bioSetByteBuffer(bio, address + at, bytes, false);
    }

    /** Lets the BIO write cipher text into {@code [at, at + bytes)}, until cleared. */
    public void lendToBioForWriting(long bio, int at, int bytes) {
        check(at, bytes);
        SSL.bioSetByteBuffer(bio, address + at, bytes, true);
    }

    /** SSL_write of {@code bytes} plain bytes at {@code at}; its result. */
    public int encrypt(long ssl, int at, int bytes) {
        check(at, bytes);
        return SSL.writeToSSL(ssl, address + at, bytes);
    }

    /** SSL_read of at most {@code bytes} plain bytes to {@code at}; its result. */
    public int decrypt(long ssl, int at, int bytes) {
        check(at, bytes);
        return SSL.readFromSSL(ssl, address + at, bytes);
    }

    private void check(int at, int bytes) {
        checkAlive();
        Objects.checkFromIndexSize(at, bytes, capacity);
    }

    private void checkAlive() {
        if (references <= 0) {
            throw new IllegalStateException("buffer used after its release");
        }
    }
}
