package io.culvert.proxy.outcome;

import io.culvert.linux.KernelException;
import java.io.IOException;
import java.util.Map;

/**
 * What the kernel, or a deadline of ours, said about a socket: the {@code <e>} in ztunnel's error texts, spelled as its
 * runtime spells it ("Connection refused (os error 111)"), because operators match on it.
 *
 * @param text the message, one line
 */
public record IoCause(String text) {

    /** A deadline of ours ran out before the kernel said anything. */
    public static final IoCause TIMED_OUT = new IoCause("deadline has elapsed");

    /** The texts of glibc's strerror for the numbers that a TCP socket can give. */
    private static final Map<Integer, String> ERRNO_TEXTS = Map.ofEntries(
            Map.entry(1, "Operation not permitted"),
            Map.entry(9, "Bad file descriptor"),
            Map.entry(11, "Resource temporarily unavailable"),
            Map.entry(12, "Cannot allocate memory"),
            Map.entry(13, "Permission denied"),
            Map.entry(22, "Invalid argument"),
            Map.entry(23, "Too many open files in system"),
            Map.entry(24, "Too many open files"),
            Map.entry(32, "Broken pipe"),
            Map.entry(71, "Protocol error"),
            Map.entry(92, "Protocol not available"),
            Map.entry(97, "Address family not supported by protocol"),
            Map.entry(98, "Address already in use"),
            Map.entry(99, "Cannot assign requested address"),
            Map.entry(100, "Network is down"),
            Map.entry(101, "Network is unreachable"),
            Map.entry(103, "Software caused connection abort"),
            Map.entry(104, "Connection reset by peer"),
            Map.entry(105, "No buffer space available"),
            Map.entry(107, "Transport endpoint is not connected"),
            Map.entry(110, "Connection timed out"),
            Map.entry(111, "Connection refused"),
            Map.entry(112, "Host is down"),
            Map.entry(113, "No route to host"));

    /** From an errno value, positive or (as Netty's native calls return it) negative. */
    public static IoCause errno(int errno) {
        int number = Math.abs(errno);
        String text = ERRNO_TEXTS.get(number);
        return new IoCause((text == null ? "Unknown error " + number : text) + " (os error " + number + ")");
    }

    /** From an exception: by its errno if it has one, else its message is all that is known. */
    public static IoCause of(IOException exception) {
        if (exception instanceof KernelException kernel) {
            return errno(kernel.errno());
        }
        String message = exception.getMessage();
        return new IoCause(message == null ? exception.getClass().getSimpleName() : message);
    }

    @Override
    public String toString() {
        return text;
    }
}
