package io.culvert.proxy.inpod;

import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Finds out at start, rather than with the first pod or connection, whether the process may do what it has to (ztunnel
 * inpod/config.rs).
 */
public final class InpodPreflight {

    private static final Path AVAILABLE = Path.of("/proc/sys/net/ipv4/tcp_available_congestion_control");

    private InpodPreflight() {}

    /**
     * Enters its own network namespace and marks a throw-away socket.
     *
     * @throws IOException naming the capability or the congestion control algorithm that is missing
     */
    public static void check(PodSocketSettings settings) throws IOException {
        try (Netns own = Netns.current();
                Fd fd = own.<Fd, KernelException>call(() -> Sockets.tcp(false))) {
            if (settings.mark() != 0) {
                SocketOptions.setMark(fd.number(), settings.mark());
            }
            checkCongestionControl(fd, settings.congestionControl());
        } catch (KernelException e) {
            throw new IOException(
                    "in-pod mode cannot work here: " + e.getMessage()
                            + "; the proxy needs the capabilities NET_ADMIN, SYS_ADMIN and NET_RAW",
                    e);
        }
    }

    /**
     * For sockets where the process itself is: no namespace is entered, and no capability needed but for a mark.
     *
     * @throws IOException naming what is missing
     */
    public static void checkHere(PodSocketSettings settings) throws IOException {
        try (Fd fd = Sockets.tcp(false)) {
            if (settings.mark() != 0) {
                SocketOptions.setMark(fd.number(), settings.mark());
            }
            checkCongestionControl(fd, settings.congestionControl());
        } catch (KernelException e) {
            throw new IOException(
                    "packets cannot be marked here: " + e.getMessage()
                            + "; PACKET_MARK needs the capability NET_ADMIN, or unset it",
                    e);
        }
    }

    private static void checkCongestionControl(Fd fd, String algorithm) throws IOException {
        if (algorithm.isEmpty()) {
            return;
        }
        try {
            SocketOptions.setCongestionControl(fd.number(), algorithm);
        } catch (KernelException e) {
            String available = Files.readString(AVAILABLE).strip();
            throw new IOException(
                    "tunnels cannot have the congestion control that CULVERT_TUNNEL_CONGESTION_CONTROL names: "
                            + e.getMessage() + "; this kernel has " + available + ": load the module tcp_" + algorithm
                            + ", or name one of those",
                    e);
        }
    }
}
