package io.culvert.proxy.pod;

import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.inpod.PodSockets;
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
     * Connects from the pod to {@code to}. The listener may be called before this returns.
     *
     * @return to give up by; null if it has failed already, and the listener was told
     */
    public static @Nullable TcpDial start(PodLoop pod, IpPort to, TcpDial.DialListener listener) {
        return connect(pod, to, sockets -> sockets.dial(to.ip()), listener);
    }

    /**
     * Connects to {@code to}, an address of the pod's own, as {@link #start} does.
     *
     * @param keepSource dial with this address as source where the kernel lets us; null: with the pod's own
     */
    public static @Nullable TcpDial toOwn(
            PodLoop pod, IpPort to, @Nullable IpAddress keepSource, TcpDial.DialListener listener) {
        return keepSource == null
                ? connect(pod, to, sockets -> sockets.dialOwn(to.ip()), listener)
                : connect(pod, to, sockets -> sockets.dialOwnFrom(keepSource, to.ip()), listener);
    }

    private interface Making {
        Fd from(PodSockets sockets) throws KernelException;
    }

    private static @Nullable TcpDial connect(PodLoop pod, IpPort to, Making made, TcpDial.DialListener listener) {
        try {
            LoopSocket socket =
                    LoopSocket.adopt(pod.loop(), made.from(pod.pod().sockets()).release());
            return TcpDial.start(socket, to.toInetSocketAddress(), TIMEOUT_MS, listener);
        } catch (KernelException e) {
            listener.onDialFailed(new TcpDial.Failed(e.errno()));
            return null;
        }
    }
}
