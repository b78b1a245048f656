package io.culvert.linux;

import io.culvert.linux.ffi.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A handle on one network namespace, which lives at least as long as the handle.
 *
 * <p>A namespace is a property of a thread for the length of one syscall: {@link #call} moves the calling thread there,
 * runs the body and moves it home, which costs about a microsecond. A socket made in the body belongs to this namespace
 * ever after, whoever uses it. Home is where the process was when this class was loaded. A thread that cannot come home
 * would make sockets in another tenant's namespace, so then the process ends at once.
 *
 * <p>Any platform thread may call. Virtual threads are refused, because their carrier would be moved.
 */
public final class Netns implements AutoCloseable {
    private static final int CLONE_NEWNET = 0x40000000;
    private static final long NS_GET_NSTYPE = 0xb703;
    /** Read only, close on exec; not blocking, in case somebody names a FIFO. */
    private static final int OPEN_FLAGS = 02004000;

    private static final int EXIT_STRANDED = 70;

    private static final String OWN = "/proc/thread-self/ns/net";
    private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);

    private final Fd fd;
    private final NetnsId id;
    private final String enterAttempt;

    private Netns(Fd fd, NetnsId id) {
        this.fd = fd;
        this.id = id;
        this.enterAttempt = "setns to network namespace " + id.inode();
    }

    /**
     * Opens a namespace file such as /proc/PID/ns/net or a bind mount of one.
     *
     * @throws KernelException ENOTTY or EINVAL if the file is not a network namespace
     */
    public static Netns open(Path path) throws KernelException {
        int fd = FileCalls.open(path.toString(), OPEN_FLAGS);
        if (fd < 0) {
            throw new KernelException(-fd, "open network namespace " + path);
        }
        return adopt(Fd.adopt(fd), path.toString());
    }

    /**
     * Takes ownership of a descriptor that somebody passed to us.
     *
     * @throws KernelException ENOTTY or EINVAL if it is not a network namespace; it is closed then
     */
    public static Netns adopt(Fd fd) throws KernelException {
        return adopt(fd, "received " + fd);
    }

    /** The calling thread's namespace. */
    public static Netns current() throws KernelException {
        return open(Path.of(OWN));
    }

    /**
     * A new namespace with nothing in it but a loopback device that is down. It is made on a throw-away thread: the
     * caller does not move. Needs CAP_SYS_ADMIN in the user namespace.
     */
    public static Netns create() throws KernelException {
        Birth birth = new Birth();
        Thread thread = Thread.ofPlatform().name("netns-birth").daemon().start(birth);
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // the thread makes two system calls: wait for it all the same
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return birth.born();
    }

    private static Netns adopt(Fd fd, String origin) throws KernelException {
        try {
            verify(fd, origin);
            return new Netns(fd, identify(fd, origin));
        } catch (KernelException e) {
            fd.close();
            throw e;
        }
    }

    private static void verify(Fd fd, String origin) throws KernelException {
        String attempt = "use as a network namespace";
        int type = FileCalls.ioctl(fd.enter(attempt), NS_GET_NSTYPE);
        fd.exit();
        if (type == -Errno.ENOTTY) {
            throw new KernelException(Errno.ENOTTY, attempt + " " + origin, "it is no namespace at all");
        }
        if (type < 0) {
            throw new KernelException(-type, attempt + " " + origin);
        }
        if (type != CLONE_NEWNET) {
            throw new KernelException(Errno.EINVAL, attempt + " " + origin, "it is a namespace of another kind");
        }
    }

    private static NetnsId identify(Fd fd, String origin) throws KernelException {
        // struct statx: stx_ino at 32, stx_dev_major at 136, stx_dev_minor at 140.
        MemorySegment answer = Scratch.current().buffer().asSlice(0, 256);
        int done = FileCalls.statx(fd.enter("identify a network namespace"), answer);
        fd.exit();
        if (done < 0) {
            throw new KernelException(-done, "identify network namespace " + origin);
        }
        long major = Integer.toUnsignedLong(answer.get(ValueLayout.JAVA_INT, 136));
        long minor = Integer.toUnsignedLong(answer.get(ValueLayout.JAVA_INT, 140));
        // The packing of dev_t that stat(2) users see (gnu_dev_makedev).
        long device = ((major & 0xfffff000L) << 32)
                | ((major & 0xfffL) << 8)
                | ((minor & 0xffffff00L) << 12)
                | (minor & 0xff);
        return new NetnsId(device, answer.get(ValueLayout.JAVA_LONG, 32));
    }

    public NetnsId id() {
        return id;
    }

    /** The descriptor, still owned by this handle: for passing to another process. */
    public Fd fd() {
        return fd;
    }

    /** A second handle with an owner of its own. */
    public Netns duplicate() throws KernelException {
        return new Netns(fd.duplicate(), id);
    }

    /**
     * Runs the body with the calling thread inside this namespace.
     *
     * @throws KernelException EBADF if the handle is closed, EPERM without CAP_SYS_ADMIN; the body did not run then
     * @throws IllegalStateException on a virtual thread, or inside another window
     */
    public <T extends @Nullable Object, E extends Exception> T call(NetnsCall<T, E> body) throws E, KernelException {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("a virtual thread must not change its carrier's network namespace");
        }
        if (INSIDE.get()) {
            throw new IllegalStateException("already inside a network namespace window");
        }
        int home = Home.FD;
        int there = fd.enter(enterAttempt);
        int moved = 0;
        // Nothing stands between the move and this block: whatever is thrown, the thread comes home.
        try {
            moved = FileCalls.setns(there, CLONE_NEWNET);
            if (moved < 0) {
                throw new KernelException(-moved, enterAttempt);
            }
            INSIDE.set(true);
            return body.run();
        } finally {
            if (moved >= 0) {
                int back = FileCalls.setns(home, CLONE_NEWNET);
                if (back < 0) {
                    strand(back);
                }
                INSIDE.set(false);
            }
            fd.exit();
        }
    }

    private void strand(int answer) {
        System.err.println("fatal: a thread could not return from network namespace " + id.inode() + ": "
                + Errno.name(-answer) + "; ending the process, since its sockets could land in another pod");
        Runtime.getRuntime().halt(EXIT_STRANDED);
    }

    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return id.toString();
    }

    /** The process's own namespace, opened before any thread can have moved, and kept for the life of the process. */
    private static final class Home {
        static final int FD = open();

        private static int open() {
            int fd = FileCalls.open("/proc/self/ns/net", OPEN_FLAGS);
            if (fd < 0) {
                throw new IllegalStateException("cannot open the process's own network namespace: " + Errno.name(-fd));
            }
            return fd;
        }
    }

    /** Makes a namespace by leaving the old one; its thread ends in the new one and keeps nothing alive. */
    private static final class Birth implements Runnable {
        private @Nullable Netns netns;
        private @Nullable KernelException failure;

        @Override
        public void run() {
            int done = FileCalls.unshare(CLONE_NEWNET);
            if (done < 0) {
                failure = new KernelException(-done, "create a network namespace (needs CAP_SYS_ADMIN)");
                return;
            }
            try {
                netns = current();
            } catch (KernelException e) {
                failure = e;
            }
        }

        Netns born() throws KernelException {
            if (netns != null) {
                return netns;
            }
            throw failure != null ? failure : new KernelException(Errno.ESRCH, "create a network namespace");
        }
    }
}
