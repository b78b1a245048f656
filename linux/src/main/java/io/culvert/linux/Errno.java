package io.culvert.linux;

import io.culvert.linux.ffi.LibcFunction;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Error numbers that this code tells apart (asm-generic/errno.h; equal on x86_64 and aarch64), and their names. */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int ENODEV = 19;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ENOTTY = 25;
    public static final int ENAMETOOLONG = 36;
    public static final int ENOSYS = 38;
    public static final int EPROTO = 71;
    public static final int EMSGSIZE = 90;
    public static final int ENOPROTOOPT = 92;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENOBUFS = 105;
    public static final int ENOTCONN = 107;
    public static final int ECONNREFUSED = 111;
    public static final int EINPROGRESS = 115;

    // glibc 2.32 and later; untranslated, unlike strerror(3).
    private static final Optional<LibcFunction> NAME = LibcFunction.ofPointer("strerrorname_np");
    private static final Optional<LibcFunction> DESCRIPTION = LibcFunction.ofPointer("strerrordesc_np");
    private static final int TEXT_BYTES_MAX = 256;

    private Errno() {}

    /** "EPERM"; "errno 9999" for a number without a name. */
    public static String name(int errno) {
        return lookUp(NAME, errno).orElse("errno " + errno);
    }

    /** "Operation not permitted"; "unknown error" for a number without a description. */
    public static String description(int errno) {
        return lookUp(DESCRIPTION, errno).orElse("unknown error");
    }

    private static Optional<String> lookUp(Optional<LibcFunction> function, int errno) {
        return function.map(text -> text.call(errno))
                .filter(address -> address != 0)
                .map(address -> MemorySegment.ofAddress(address)
                        .reinterpret(TEXT_BYTES_MAX)
                        .getString(0));
    }
}
