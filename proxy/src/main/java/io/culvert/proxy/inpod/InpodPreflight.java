package io.culvert.proxy.inpod;

import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import java.io.IOException;

/**
 * Finds out at start, rather than with the first pod, whether the process may do what it has to (ztunnel
 * inpod/config.rs).
 */
public final class InpodPreflight {

    private InpodPreflight() {}

    /**
     * Enters its own network namespace and marks a throw-away socket.
     *
     * @param mark 0: not marked
     * @throws IOException naming the capability that is missing
     */
    public static void check(int mark) throws IOException {
        try (Netns own = Netns.current();
                Fd fd = own.<Fd, KernelException>call(() -> Sockets.tcp(false))) {
            if (mark != 0) {
                SocketOptions.setMark(fd.number(), mark);
            }
        } catch (KernelException e) {
            throw new IOException(
                    "in-pod mode cannot work here: " + e.getMessage()
                            + "; the proxy needs the capabilities NET_ADMIN, SYS_ADMIN and NET_RAW",
                    e);
        }
    }
}
