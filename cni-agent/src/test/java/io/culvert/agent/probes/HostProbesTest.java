package io.culvert.agent.probes;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.kernel.Kernel;
import io.culvert.agent.kernel.TestSockets;
import io.culvert.agent.kernel.TwoNamespaces;
import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.pod.PodOverrides;
import io.culvert.agent.pod.PodUid;
import io.culvert.agent.rules.NftPodRules;
import io.culvert.agent.rules.RuleSettings;
import io.culvert.linux.Fd;
import io.culvert.linux.Sockets;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.nftables.NfBatch;
import io.culvert.linux.nftables.NfElement;
import io.culvert.linux.nftables.NfTables;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The node is the outside namespace; probes are this process's own connections from there. */
@Tag("netns")
final class HostProbesTest {
    private static final InetAddress PROBE4 = InetAddress.ofLiteral("169.254.7.127");
    private static final InetAddress PROBE6 = InetAddress.ofLiteral("fd16:9254:7127:1337:ffff:ffff:ffff:ffff");
    private static final Map<IpFamily, InetAddress> SOURCES = Map.of(IpFamily.V4, PROBE4, IpFamily.V6, PROBE6);
    private static final PodUid POD = new PodUid("uid-1");
    private static final PodUid NEXT = new PodUid("uid-2");
    private static final int APP = 8080;
    private static final int KUBELET = 0;

    private final TestSockets sockets = new TestSockets();
    private TwoNamespaces both;
    private HostProbes probes;

    @BeforeEach
    void start() throws IOException {
        Kernel.requireNamespaces();
        both = TwoNamespaces.create();
        probes = HostProbes.start(both.outside(), KUBELET, SOURCES);
    }

    @AfterEach
    void stop() {
        probes.close();
        sockets.close();
        both.close();
    }

    private static InetAddress pod(IpFamily family) {
        return family == IpFamily.V4 ? TwoNamespaces.POD4 : TwoNamespaces.POD6;
    }

    private static InetAddress probe(IpFamily family) {
        return family == IpFamily.V4 ? PROBE4 : PROBE6;
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void aProbeOfTheNodeReachesAnEnrolledPod(IpFamily family) throws IOException {
        try (NetnsRef netns = NetnsRef.own(both.pod().duplicate())) {
            new NftPodRules(new RuleSettings(true, false, PROBE4, PROBE6)).apply(netns, PodOverrides.NONE);
        }
        Fd app = sockets.listen(both.pod(), APP);
        Fd proxy = sockets.listen(both.pod(), 15006);

        Fd before = sockets.dial(both.outside(), new InetSocketAddress(pod(family), APP));
        sockets.awaitConnected(before);
        sockets.accept(proxy);

        probes.set(POD, List.of(TwoNamespaces.POD4, TwoNamespaces.POD6));
        Fd probe = sockets.dial(both.outside(), new InetSocketAddress(pod(family), APP));
        sockets.awaitConnected(probe);
        assertThat(Sockets.peerAddress(sockets.accept(app)).getAddress()).isEqualTo(probe(family));
        assertThat(Sockets.accept(proxy)).isNull();

        probes.remove(POD);
        sockets.awaitConnected(sockets.dial(both.outside(), new InetSocketAddress(pod(family), APP)));
        sockets.accept(proxy);
    }

    @Test
    void otherUsersKeepTheirAddress() throws IOException {
        probes.close();
        probes = HostProbes.start(both.outside(), 12_345, SOURCES);
        probes.set(POD, List.of(TwoNamespaces.POD4));
        Fd app = sockets.listen(both.pod(), APP);
        sockets.awaitConnected(sockets.dial(both.outside(), new InetSocketAddress(TwoNamespaces.POD4, APP)));
        assertThat(Sockets.peerAddress(sockets.accept(app)).getAddress()).isNotEqualTo(PROBE4);
    }

    @Test
    void anAddressBelongsToItsNewPodWhenTheOldOneIsReaped() throws IOException {
        probes.set(POD, List.of(TwoNamespaces.POD4, TwoNamespaces.POD6));
        probes.set(NEXT, List.of(TwoNamespaces.POD4));
        probes.remove(POD);
        assertThat(held()).containsExactly(new NfElement(TwoNamespaces.POD4, NEXT.value()));
        probes.set(NEXT, List.of(TwoNamespaces.POD6));
        assertThat(held()).containsExactly(new NfElement(TwoNamespaces.POD6, NEXT.value()));
    }

    @Test
    void anAgentThatStartsTakesOverWhatIsThereAndForgetsPodsThatAreGone() throws IOException {
        probes.set(POD, List.of(TwoNamespaces.POD4));
        probes.set(NEXT, List.of(TwoNamespaces.POD6));
        probes.close();
        probes = HostProbes.start(both.outside(), KUBELET, SOURCES);
        assertThat(held()).as("no probe fails meanwhile").hasSize(2);
        probes.retain(Set.of(NEXT));
        assertThat(held()).containsExactly(new NfElement(TwoNamespaces.POD6, NEXT.value()));
    }

    @Test
    void repairsWhatAnotherProgramFlushed() throws IOException {
        probes.set(POD, List.of(TwoNamespaces.POD4));
        assertThat(probes.repair()).isFalse();
        HostProbes.uninstall(both.outside());
        assertThat(probes.repair()).isTrue();
        assertThat(held()).hasSize(1);
        HostProbes.uninstall(both.outside());
        probes.set(NEXT, List.of(TwoNamespaces.POD6));
        assertThat(held()).as("a change writes all of it").hasSize(2);
        try (NfTables tables = NfTables.open(both.outside())) {
            tables.commit(new NfBatch().flushTable(HostProbes.TABLE));
        }
        assertThat(probes.repair()).isTrue();
        assertThat(probes.repair()).isFalse();
    }

    @Test
    void leavesAFamilyAloneThatIsSwitchedOff() throws IOException {
        probes.close();
        probes = HostProbes.start(both.outside(), KUBELET, Map.of(IpFamily.V4, PROBE4));
        probes.set(POD, List.of(TwoNamespaces.POD4, TwoNamespaces.POD6));
        assertThat(held()).containsExactly(new NfElement(TwoNamespaces.POD4, POD.value()));
        HostProbes.uninstall(both.outside());
        try (NfTables tables = NfTables.open(both.outside())) {
            assertThat(tables.dump(HostProbes.TABLE)).isEmpty();
        }
    }

    private List<NfElement> held() throws IOException {
        try (NfTables tables = NfTables.open(both.outside())) {
            var content = tables.dump(HostProbes.TABLE).orElseThrow();
            List<NfElement> all = new ArrayList<>(content.elementsOf(HostProbes.V4.name()));
            all.addAll(content.elementsOf(HostProbes.V6.name()));
            return all;
        }
    }
}
