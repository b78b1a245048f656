package io.culvert.proxy.inpod;

import io.culvert.linux.KernelException;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.SocketDiag;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hand-over of one pod's ports from an old process of the proxy to a new one, as far as the kernel is concerned.
 *
 * <p>Both listen on the same ports (SO_REUSEPORT), and without more the kernel deals new connections out to both. One
 * that waits in the old process's accept queue when its listener closes is reset, though its client took it for
 * established. So the newest generation takes all that is new: it steers the group of sockets to itself when it begins
 * to listen. The old one has what was on its way to it, accepts that, and closes.
 *
 * <pre>
 *   new: listens ----> {@link #join}: is somebody there? then all to me
 *   old:                             SIGTERM -> {@link #heirs} -> accepts until nothing comes any more -> closes
 * </pre>
 *
 * <p>Sockets of a group are numbered by when they began to listen (SocketOptions.steerNewConnections), and how many
 * there are is asked of the kernel: so this also works between this proxy and the original, whichever is older. It is
 * asked for two generations at a time, as an upgrade has them: with three, a connection may still meet a listener that
 * closes, as it would without all this. Rejected: an eBPF program, which needs a map and one capability more;
 * net.ipv4.tcp_migrate_req, for which /proc/sys has to be writable in the container.
 */
public final class SharedPorts {
    private static final Logger log = LoggerFactory.getLogger(SharedPorts.class);

    private final Place place;
    private final List<Port> ports;

    /** Where the ports are. */
    interface Place {
        SocketDiag diag() throws KernelException;
    }

    /**
     * A port of ours.
     *
     * @param alone nobody else had it when we began to listen: we are the first of the group
     */
    private record Port(IpFamily family, boolean anyAddress, int number, boolean alone) {}

    /**
     * What becomes of one of our ports when we close it.
     *
     * @param exists somebody else listens there, too
     * @param place to be steered to first; empty if connections go there already
     */
    public record Heir(boolean exists, OptionalInt place) {
        public static final Heir NONE = new Heir(false, OptionalInt.empty());
    }

    private SharedPorts(Place place, List<Port> ports) {
        this.place = place;
        this.ports = List.copyOf(ports);
    }

    /** Ports that nobody can share. */
    public static SharedPorts exclusive() {
        return new SharedPorts(
                () -> {
                    throw new IllegalStateException("exclusive ports are not asked for");
                },
                List.of());
    }

    /**
     * Takes all new connections from whoever listened before.
     *
     * @param listeners ours, which have begun to listen
     */
    static SharedPorts join(Place place, List<PodSockets.Listener> listeners) {
        List<Port> ports = new ArrayList<>();
        try (SocketDiag diag = place.diag()) {
            for (PodSockets.Listener listener : listeners) {
                ports.add(join(diag, listener));
            }
            return new SharedPorts(place, ports);
        } catch (KernelException e) {
            log.warn(
                    "whether another generation shares the ports cannot be found out, and an upgrade may reset"
                            + " connections that just begin: {}",
                    e.getMessage());
            return exclusive();
        }
    }

    private static Port join(SocketDiag diag, PodSockets.Listener listener) throws KernelException {
        InetSocketAddress address = Sockets.localAddress(listener.fd());
        Port port = new Port(
                IpFamily.of(address.getAddress()), address.getAddress().isAnyLocalAddress(), address.getPort(), true);
        int sockets = count(diag, port);
        if (sockets < 2) {
            return port;
        }
        SocketOptions.steerNewConnections(listener.fd().number(), sockets - 1);
        log.info("port {} is taken over from another generation of the proxy", port.number());
        return new Port(port.family(), port.anyAddress(), port.number(), false);
    }

    private static int count(SocketDiag diag, Port port) throws KernelException {
        return (int) diag.listeners(port.family(), port.number()).stream()
                .filter(socket -> socket.anyAddress() == port.anyAddress())
                .count();
    }

    /** Who has our ports after us, in the order of the listeners; fewer if that is not known. Makes system calls. */
    public List<Heir> heirs() {
        if (ports.isEmpty()) {
            return List.of();
        }
        List<Heir> heirs = new ArrayList<>();
        try (SocketDiag diag = place.diag()) {
            for (Port port : ports) {
                heirs.add(heir(port, count(diag, port)));
            }
        } catch (KernelException e) {
            log.warn("whether another generation shares the ports cannot be found out: {}", e.getMessage());
        }
        return heirs;
    }

    /**
     * If we were the first, we are number 0, and the last is the newest: the original does not steer by itself. If we
     * were not, we have steered to the highest number, which is the newest's when the one before us has gone.
     */
    private static Heir heir(Port port, int sockets) {
        if (sockets < 2) {
            return Heir.NONE;
        }
        return new Heir(true, port.alone() ? OptionalInt.of(sockets - 1) : OptionalInt.empty());
    }
}
