package io.culvert.linux;

import java.io.IOException;

/**
 * The kernel said no. The message names what was attempted, then the error: "setns to pod namespace 4026532281: EPERM
 * (Operation not permitted)", and after it what the kernel itself added, where it did (netlink's extended ack).
 */
public final class KernelException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;
    private final String attempt;

    public KernelException(int errno, String attempt) {
        this(errno, attempt, "");
    }

    /**
     * With the kernel's explanation.
     *
     * @param detail the kernel's own words beyond errno, or empty
     */
    public KernelException(int errno, String attempt, String detail) {
        super(attempt + ": " + Errno.name(errno) + " (" + Errno.description(errno) + ")"
                + (detail.isEmpty() ? "" : ": " + detail));
        this.errno = errno;
        this.attempt = attempt;
    }

    public int errno() {
        return errno;
    }

    /** "EPERM" and the like. */
    public String errnoName() {
        return Errno.name(errno);
    }

    public String attempt() {
        return attempt;
    }
}
