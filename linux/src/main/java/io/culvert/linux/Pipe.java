package io.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.culvert.linux.ffi.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * A pipe through which bytes go from one socket to another without passing through this process: splice(2) puts
 * references to the kernel's own pages into it, and takes them out at the other end. Owns both descriptors;
 * non-blocking, close-on-exec; for one thread.
 */
public final class Pipe implements AutoCloseable {
    private final Fd readEnd;
    private final Fd writeEnd;

    private Pipe(Fd readEnd, Fd writeEnd) {
        this.readEnd = readEnd;
        this.writeEnd = writeEnd;
    }

    /**
     * A new pipe.
     *
     * @param bytes room, if every page in it is full; more than /proc/sys/fs/pipe-max-size needs CAP_SYS_RESOURCE
     */
    public static Pipe open(int bytes) throws KernelException {
        MemorySegment pair = Scratch.current().buffer();
        int made = FileCalls.pipe(pair);
        if (made < 0) {
            throw new KernelException(-made, "create a pipe");
        }
        // Both numbers first: the next call uses the same scratch memory.
        int read = pair.get(JAVA_INT, 0);
        int write = pair.get(JAVA_INT, 4);
        Pipe pipe = new Pipe(Fd.adopt(read), Fd.adopt(write));
        int sized = FileCalls.setPipeSize(write, bytes);
        if (sized < 0) {
            pipe.close();
            throw new KernelException(-sized, "give a pipe " + bytes + " bytes (fs.pipe-user-pages-soft?)");
        }
        return pipe;
    }

    /**
     * Moves at most {@code most} bytes from socket {@code from} into this pipe: how many, 0 at the end of the stream,
     * errno negated on failure; EAGAIN if the socket has none now or the pipe is full.
     */
    public int fill(int from, int most) {
        return FileCalls.splice(from, writeEnd.number(), most);
    }

    /**
     * Moves at most {@code most} bytes of this pipe to socket {@code to}: how many, errno negated on failure; EAGAIN if
     * the socket takes none now. Fewer than asked for, while the pipe has more, means that it takes no more now.
     */
    public int drain(int to, int most) {
        return FileCalls.splice(readEnd.number(), to, most);
    }

    /** Drops what is in it. */
    @Override
    public void close() {
        readEnd.close();
        writeEnd.close();
    }

    @Override
    public String toString() {
        return "pipe from " + writeEnd + " to " + readEnd;
    }
}
