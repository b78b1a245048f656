package io.culvert.proxy.inpod;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.Fd;
import io.culvert.linux.Netns;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.xds.mesh.IpAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Generations of the proxy on the same ports of a pod: who gets a connection is what the kernel says. */
@Tag("netns")
@Timeout(60)
class SharedPortsTest {
    private static final IpAddress LOOPBACK = IpAddress.parse("127.0.0.1");
    private static final int PORT = 15_001;
    /** By chance, one of two would get none of so many once in a million million times. */
    private static final int CALLS = 40;

    private final List<AutoCloseable> open = new ArrayList<>();
    private Netns pod;

    @BeforeEach
    void makePod() throws Exception {
        boolean root = Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        Assumptions.assumeTrue(root, "needs root: ports of pods were not shared");
        pod = Netns.create();
        try (RouteNetlink netlink = RouteNetlink.open(pod)) {
            netlink.setUp("lo");
        }
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        if (pod != null) {
            pod.close();
        }
    }

    private PodSockets sockets(boolean reusePort) {
        return new PodSockets(
                pod,
                new PodSocketSettings(
                        true,
                        1337,
                        reusePort,
                        PodSocketSettings.Transparency.BEST_EFFORT,
                        "",
                        new PodSocketSettings.Keepalive(false, Duration.ZERO, Duration.ZERO, 0, false)));
    }

    private PodSockets.Listener listen() throws Exception {
        PodSockets.Listener listener = sockets(true).listen(PORT, false);
        open.add(listener);
        return listener;
    }

    private SharedPorts join(PodSockets.Listener listener) {
        return sockets(true).share(List.of(listener));
    }

    private void call() throws Exception {
        for (int i = 0; i < CALLS; i++) {
            Fd client = sockets(true).dialOwn(LOOPBACK);
            open.add(client);
            var _ = Sockets.connect(client, new InetSocketAddress(LOOPBACK.toInetAddress(), PORT));
        }
    }

    /** How many wait for this one. On loopback a handshake is over when connect returns. */
    private int accepted(PodSockets.Listener listener) throws Exception {
        int count = 0;
        for (Fd accepted = Sockets.accept(listener.fd()); accepted != null; accepted = Sockets.accept(listener.fd())) {
            open.add(accepted);
            count++;
        }
        return count;
    }

    @Test
    void theNewestGenerationTakesWhatIsNewAndTheOldKeepsWhatItHas() throws Exception {
        PodSockets.Listener old = listen();
        SharedPorts first = join(old);
        assertThat(first.heirs()).containsExactly(SharedPorts.Heir.NONE);
        call();

        PodSockets.Listener fresh = listen();
        SharedPorts second = join(fresh);
        call();

        assertThat(accepted(old)).isEqualTo(CALLS);
        assertThat(accepted(fresh)).isEqualTo(CALLS);
        assertThat(first.heirs()).containsExactly(new SharedPorts.Heir(true, OptionalInt.of(1)));
        old.close();
        call();
        assertThat(accepted(fresh)).isEqualTo(CALLS);
        assertThat(second.heirs()).containsExactly(SharedPorts.Heir.NONE);
    }

    /** The original shares the port and steers nothing: then the old one hands over when it leaves. */
    @Test
    void theFirstGenerationSteersToOneThatDoesNotSteerByItself() throws Exception {
        PodSockets.Listener old = listen();
        SharedPorts first = join(old);
        PodSockets.Listener foreign = listen();
        call();
        assertThat(accepted(old)).as("some, by chance").isBetween(1, CALLS - 1);
        int before = accepted(foreign);
        assertThat(before).isPositive();

        SharedPorts.Heir heir = first.heirs().getFirst();
        assertThat(heir.exists()).isTrue();
        SocketOptions.steerNewConnections(old.fd().number(), heir.place().orElseThrow());
        call();
        assertThat(accepted(old)).isZero();
        assertThat(accepted(foreign)).isEqualTo(CALLS);
    }

    /** The third one, when the first is gone, and the fourth: numbers move up, and steering holds. */
    @Test
    void manyUpgradesInARowFindTheirHeirs() throws Exception {
        PodSockets.Listener old = listen();
        SharedPorts ports = join(old);
        for (int generation = 0; generation < 4; generation++) {
            PodSockets.Listener fresh = listen();
            SharedPorts joined = join(fresh);
            SharedPorts.Heir heir = ports.heirs().getFirst();
            assertThat(heir.exists()).isTrue();
            if (heir.place().isPresent()) {
                SocketOptions.steerNewConnections(
                        old.fd().number(), heir.place().getAsInt());
            }
            call();
            assertThat(accepted(old)).as("generation " + generation).isZero();
            assertThat(accepted(fresh)).isEqualTo(CALLS);
            old.close();
            old = fresh;
            ports = joined;
        }
    }

    /** Whoever comes and goes again leaves everything to who stays. */
    @Test
    void aNewGenerationThatDiesGivesThePortBack() throws Exception {
        PodSockets.Listener old = listen();
        SharedPorts first = join(old);
        PodSockets.Listener fresh = listen();
        SharedPorts _ = join(fresh);
        fresh.close();
        call();
        assertThat(accepted(old)).isEqualTo(CALLS);
        assertThat(first.heirs()).containsExactly(SharedPorts.Heir.NONE);
    }

    @Test
    void portsThatNobodyCanShareAreNotAskedFor() throws Exception {
        PodSockets.Listener alone = sockets(false).listen(PORT, false);
        open.add(alone);
        assertThat(sockets(false).share(List.of(alone)).heirs()).isEmpty();
    }

    @Test
    void knowsTheLoopbackPortFromTheWildcardOne() throws Exception {
        PodSockets.Listener wildcard = listen();
        PodSockets.Listener loopback = sockets(true).listenOnLoopback(PORT);
        open.add(loopback);
        assertThat(sockets(true).share(List.of(loopback, wildcard)).heirs())
                .containsExactly(SharedPorts.Heir.NONE, SharedPorts.Heir.NONE);
    }
}
