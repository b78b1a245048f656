package io.culvert.proxy.relay;

import io.culvert.linux.Errno;
import io.culvert.linux.KernelException;
import io.netty.channel.unix.Errors.NativeIoException;
import java.io.IOException;
import java.nio.channels.NotYetConnectedException;

/** Error numbers of socket calls, and their text as operators know it from ztunnel's log. */
public final class OsError {
    // asm-generic/errno-base.h and errno.h.
    static final int ENOMEM = 12;
    static final int ENFILE = 23;
    static final int EMFILE = Errno.EMFILE;
    static final int EPIPE = 32;
    static final int ECONNRESET = 104;
    static final int ENOBUFS = Errno.ENOBUFS;
    static final int ENOTCONN = Errno.ENOTCONN;
    static final int ETIMEDOUT = 110;

    private OsError() {}

    /** "Connection refused (os error 111)", as the Rust standard library prints it. */
    public static String text(int errno) {
        return Errno.description(errno) + " (os error " + errno + ")";
    }

    /** The text of {@code e}: by its error number where it has one. */
    public static String text(IOException e) {
        int errno = errno(e);
        return errno == 0 ? String.valueOf(e.getMessage()) : text(errno);
    }

    /** The error number in {@code e}; 0 if it has none. */
    public static int errno(IOException e) {
        if (e instanceof NativeIoException nativeError) {
            return -nativeError.expectedErr();
        }
        return e instanceof KernelException kernelError ? kernelError.errno() : 0;
    }

    static IOException notConnected(String method, NotYetConnectedException cause) {
        var e = new NativeIoException(method, -ENOTCONN, false);
        e.initCause(cause);
        return e;
    }

    /**
     * The ends of a connection that are no failure of the relay: the peer reset it, or was gone (ztunnel
     * copy.rs:ignore_io_errors).
     */
    static boolean isReset(IOException e) {
        int errno = errno(e);
        return errno == ECONNRESET || errno == EPIPE || errno == ENOTCONN;
    }
}
