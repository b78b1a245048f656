package io.culvert.linux.ffi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * A function of libc that takes integers and pointers, six at most, and returns one of them. Keep it in a static final:
 * a call then costs nanoseconds.
 *
 * <p><b>One shape for all.</b> Every function is called with six machine words. To the calling conventions that Linux
 * has on x86_64 (System V psABI, 3.2.3) and aarch64 (AAPCS64, 6.8.2) that is the same as its own prototype: integers
 * and pointers travel in registers one by one, of a narrower integer only the low bits are looked at, registers that no
 * parameter names are not looked at, and variadic arguments travel as the others do. It is done because each shape that
 * the linker learns costs some twenty generated classes and, at the start of a process, ten milliseconds; one for each
 * function was a third of the proxy's time to readiness.
 *
 * <p><b>Pointers</b> are given by {@link MemorySegment#address()}. The caller keeps the memory alive until the call has
 * returned: it is the thread's {@link Scratch}, or belongs to a confined arena that the caller closes afterwards.
 */
public final class LibcFunction {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBC = LINKER.defaultLookup();

    /** Takes entry point, {@link Scratch#state()} and six words. */
    private static final MethodHandle ANY = LINKER.downcallHandle(
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.captureCallState("errno"));

    private final MemorySegment entry;
    private final boolean returnsInt;

    private LibcFunction(MemorySegment entry, boolean returnsInt) {
        this.entry = entry;
        this.returnsInt = returnsInt;
    }

    /** A function that returns int. */
    public static LibcFunction ofInt(String symbol) {
        return new LibcFunction(address(symbol), true);
    }

    /** A function that returns long or ssize_t. */
    public static LibcFunction ofLong(String symbol) {
        return new LibcFunction(address(symbol), false);
    }

    /** A function that not every libc has, and that returns a pointer. */
    public static Optional<LibcFunction> ofPointer(String symbol) {
        return LIBC.find(symbol).map(entry -> new LibcFunction(entry, false));
    }

    private static MemorySegment address(String symbol) {
        return LIBC.find(symbol).orElseThrow(() -> new UnsatisfiedLinkError("libc has no function " + symbol));
    }

    /** As {@link #call(long, long, long, long, long, long)}. */
    public long call(long first) {
        return call(first, 0, 0, 0, 0, 0);
    }

    /** As {@link #call(long, long, long, long, long, long)}. */
    public long call(long first, long second) {
        return call(first, second, 0, 0, 0, 0);
    }

    /** As {@link #call(long, long, long, long, long, long)}. */
    public long call(long first, long second, long third) {
        return call(first, second, third, 0, 0, 0);
    }

    /** As {@link #call(long, long, long, long, long, long)}. */
    public long call(long first, long second, long third, long fourth) {
        return call(first, second, third, fourth, 0, 0);
    }

    /** As {@link #call(long, long, long, long, long, long)}. */
    public long call(long first, long second, long third, long fourth, long fifth) {
        return call(first, second, third, fourth, fifth, 0);
    }

    /**
     * Calls it.
     *
     * @return the answer in the kernel's own form: the value itself, or errno negated if it was below zero
     */
    public long call(long first, long second, long third, long fourth, long fifth, long sixth) {
        Scratch scratch = Scratch.current();
        long returned;
        try {
            returned = (long) ANY.invokeExact(entry, scratch.state(), first, second, third, fourth, fifth, sixth);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        // Of a register that holds an int, the upper half is anything.
        return scratch.result(returnsInt ? (int) returned : returned);
    }

    /** What a downcall threw: never an answer of the kernel, always a bug or a dying JVM. */
    private static Error unexpected(Throwable thrown) {
        if (thrown instanceof Error error) {
            return error;
        }
        return new AssertionError("a libc call did not link as declared", thrown);
    }
}
