package io.culvert.linux.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Links libc functions. Every handle takes {@link Scratch#state()} as its first argument and leaves errno there. Keep
 * handles in static finals: only then does a call cost nanoseconds.
 */
public final class Native {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBC = LINKER.defaultLookup();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

    private Native() {}

    /** A libc function with a fixed number of arguments. */
    public static MethodHandle function(String symbol, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(address(symbol), descriptor, ERRNO);
    }

    /** A variadic libc function such as open(2) or ioctl(2), as called with exactly these arguments. */
    public static MethodHandle variadic(String symbol, int firstVariadic, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(address(symbol), descriptor, ERRNO, Linker.Option.firstVariadicArg(firstVariadic));
    }

    /** A function that not every libc has; errno is not captured. */
    public static Optional<MethodHandle> optional(String symbol, FunctionDescriptor descriptor) {
        return LIBC.find(symbol).map(address -> LINKER.downcallHandle(address, descriptor));
    }

    /** What a downcall threw: never an answer of the kernel, always a bug or a dying JVM. */
    public static Error unexpected(Throwable thrown) {
        if (thrown instanceof Error error) {
            return error;
        }
        return new AssertionError("a libc call did not link as declared", thrown);
    }

    private static MemorySegment address(String symbol) {
        return LIBC.find(symbol).orElseThrow(() -> new UnsatisfiedLinkError("libc has no function " + symbol));
    }
}
