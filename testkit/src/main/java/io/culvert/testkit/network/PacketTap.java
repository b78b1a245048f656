package io.culvert.testkit.network;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.linux.Fd;
import io.culvert.linux.Netns;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.function.Consumer;

/**
 * Listens in on a namespace's interfaces, to show and to prove what is on the wire. In the fabric that is all traffic
 * between nodes, each packet twice: as it enters the bridge and as it leaves.
 *
 * <p>The observer runs on the tap's own thread. A slow one loses packets, never delays them (packet(7)).
 */
public final class PacketTap implements AutoCloseable {
    private static final int AF_PACKET = 17;
    /** Packets without their link-level header. */
    private static final int SOCK_DGRAM = 2;

    private static final int SOCK_CLOEXEC = 02000000;
    /** ETH_P_ALL, in network byte order. */
    private static final int ALL_PROTOCOLS = 0x0300;

    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVTIMEO = 20;
    /** How long {@link #close} may have to wait for the thread. */
    private static final long WAKE_MICROS = 50_000;

    /** Offloads make packets of up to 64 KiB. */
    private static final int PACKET_BYTES_MAX = 64 * 1024;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle SOCKET =
            function("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle RECV =
            function("recv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SETSOCKOPT =
            function("setsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));

    private final Fd fd;
    private final Consumer<TcpSegment> observer;
    private final Thread thread;
    private volatile boolean closed;

    private PacketTap(Fd fd, Consumer<TcpSegment> observer) {
        this.fd = fd;
        this.observer = observer;
        this.thread = Thread.ofPlatform().daemon().name("testkit-tap").unstarted(this::listen);
    }

    /** Hands every TCP segment with a payload to {@code observer}, from now on. */
    public static PacketTap start(Netns netns, Consumer<TcpSegment> observer) throws IOException {
        int number = netns.<Integer, IOException>call(PacketTap::socket);
        PacketTap tap = new PacketTap(Fd.adopt(number), observer);
        tap.thread.start();
        return tap;
    }

    private static int socket() throws IOException {
        int fd = call(() -> (int) SOCKET.invokeExact(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, ALL_PROTOCOLS));
        if (fd < 0) {
            throw new IOException("the kernel gives us no packet socket (needs CAP_NET_RAW)");
        }
        return fd;
    }

    private void listen() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment wake = arena.allocate(JAVA_LONG, 2);
            wake.setAtIndex(JAVA_LONG, 1, WAKE_MICROS);
            int refused = call(() ->
                    (int) SETSOCKOPT.invokeExact(fd.number(), SOL_SOCKET, SO_RCVTIMEO, wake, (int) wake.byteSize()));
            if (refused < 0) {
                throw new IllegalStateException("SO_RCVTIMEO was refused on a packet socket");
            }
            MemorySegment packet = arena.allocate(PACKET_BYTES_MAX);
            while (!closed) {
                long length = call(() -> (long) RECV.invokeExact(fd.number(), packet, (long) PACKET_BYTES_MAX, 0));
                if (length > 0) {
                    TcpSegment.parse(packet.asSlice(0, length).toArray(JAVA_BYTE))
                            .ifPresent(observer);
                }
            }
        } finally {
            fd.close();
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor);
    }

    private static <T> T call(NativeCall<T> call) {
        try {
            return call.make();
        } catch (Throwable unexpected) {
            throw new AssertionError("a libc call did not link as declared", unexpected);
        }
    }

    @FunctionalInterface
    private interface NativeCall<T> {
        T make() throws Throwable;
    }
}
