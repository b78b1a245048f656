package io.culvert.linux;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One owned descriptor. Any thread may close it: the number goes back to the kernel when the last call that is using it
 * has returned, so that no call ever works on a number that meanwhile means something else.
 *
 * <p>There is no finaliser: a descriptor that nobody closes leaks, and tests count them.
 */
public final class Fd implements AutoCloseable {
    private static final int F_DUPFD_CLOEXEC = 1030;

    private static final int CLOSED = 1 << 30;
    private static final int RELEASED = 1 << 29;
    private static final int USERS = RELEASED - 1;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Fd.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int number;
    /** Number of calls in flight, with CLOSED or RELEASED set once the owner is done. */
    private volatile int state;

    private Fd(int number) {
        this.number = number;
    }

    /** Takes ownership of an open descriptor. */
    public static Fd adopt(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("not a descriptor: " + number);
        }
        return new Fd(number);
    }

    /**
     * The number, for calls that this object's owner makes while it keeps it open.
     *
     * @throws IllegalStateException if closed or released: the number may mean another file by now
     */
    public int number() {
        if (!isOpen()) {
            throw new IllegalStateException("descriptor " + number + " is closed");
        }
        return number;
    }

    public boolean isOpen() {
        return (state & (CLOSED | RELEASED)) == 0;
    }

    /** A second descriptor of the same file, close-on-exec, with an owner of its own. */
    public Fd duplicate() throws KernelException {
        enter("duplicate a descriptor");
        try {
            int copy = FileCalls.fcntl(number, F_DUPFD_CLOEXEC, 0);
            if (copy < 0) {
                throw new KernelException(-copy, "duplicate descriptor " + number);
            }
            return new Fd(copy);
        } finally {
            exit();
        }
    }

    /** Gives up ownership; the caller closes the number. */
    public int release() {
        int before = (int) STATE.getAndBitwiseOr(this, RELEASED);
        if ((before & (CLOSED | RELEASED)) != 0) {
            throw new IllegalStateException("descriptor " + number + " is closed");
        }
        return number;
    }

    /** Closes once; a second close, or one after {@link #release()}, does nothing. */
    @Override
    public void close() {
        while (true) {
            int before = state;
            if ((before & (CLOSED | RELEASED)) != 0) {
                return;
            }
            if (STATE.compareAndSet(this, before, before | CLOSED)) {
                if (before == 0) {
                    closeNow();
                }
                return;
            }
        }
    }

    /** Keeps the number valid until {@link #exit()}, whatever other threads do. */
    int enter(String attempt) throws KernelException {
        while (true) {
            int before = state;
            if ((before & (CLOSED | RELEASED)) != 0) {
                throw new KernelException(Errno.EBADF, attempt + " (descriptor " + number + " is closed)");
            }
            if (STATE.compareAndSet(this, before, before + 1)) {
                return number;
            }
        }
    }

    void exit() {
        int before = (int) STATE.getAndAdd(this, -1);
        if ((before & CLOSED) != 0 && (before & USERS) == 1) {
            closeNow();
        }
    }

    /** Whether a call is using the number just now. */
    boolean inUse() {
        return (state & USERS) != 0;
    }

    private void closeNow() {
        // The kernel frees the number even where close(2) reports an error, so there is nothing to do about one.
        var _ = FileCalls.close(number);
    }

    @Override
    public String toString() {
        return "fd " + number + (isOpen() ? "" : " (closed)");
    }
}
