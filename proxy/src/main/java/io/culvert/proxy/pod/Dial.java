package io.culvert.proxy.pod;

import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.xds.mesh.IpAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Opens upstream connections from inside the pod. */
public final class Dial {

    /** Of every upstream connect; TCP only (ztunnel proxy.rs:freebind_connect). */
    public static final long TIMEOUT_MS = TimeUnit.SECONDS.toMillis(10);

    private Dial() {}

    /**
     * Connects to {@code to}. The listener may be called before this returns.
     *
     * @param keepSource dial with this address as source where the kernel lets us; null: with the pod's own
     * @return to give up by; null if it has failed already, and the listener was told
     */
    public static @Nullable TcpDial start(
            PodLoop pod, IpPort to, @Nullable IpAddress keepSource, TcpDial.DialListener listener) {
        try {
            LoopSocket socket =
                    LoopSocket.adopt(pod.loop(), make(pod, to, keepSource).release());
            return TcpDial.start(socket, to.toInetSocketAddress(), TIMEOUT_MS, listener);
        } catch (KernelException e) {
            listener.onDialFailed(new TcpDial.Failed(e.errno()));
            return null;
        }
    }

    private static Fd make(PodLoop pod, IpPort to, @Nullable IpAddress keepSource) throws KernelException {
        var sockets = pod.pod().sockets();
        return keepSource == null ? sockets.dial(to.ip()) : sockets.dialFrom(keepSource, to.ip());
    }
}
