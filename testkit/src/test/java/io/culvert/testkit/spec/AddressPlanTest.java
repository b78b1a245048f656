package io.culvert.testkit.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AddressPlanTest {
    private static final MeshSpec MESH = MeshSpec.mesh("m")
            .node("a", node -> node.pod("p1", p -> {}).pod("p2", p -> {}).pod("host", p -> p.hostNetwork(true)))
            .node("b", node -> node.pod("p3", p -> {}))
            .service("s1", s -> s.port(80, 8080))
            .service("s2", s -> s.port(80, 8080).families(ServiceSpec.Families.IPV6))
            .service("s3", s -> s.port(80, 8080).headless(true))
            .build();

    @Test
    void givesOneAddressOfEachFamily() {
        AddressPlan plan = AddressPlan.of(MESH, 3);
        assertThat(text(plan.pod("b", pod("p3")))).containsExactly("10.103.2.10", "fd00:10:3:2:0:0:0:a");
        assertThat(text(plan.service(service("s1")))).containsExactly("10.183.0.10", "fd00:96:3:0:0:0:0:a");
        assertThat(text(plan.service(service("s2")))).containsExactly("fd00:96:3:0:0:0:0:b");
        assertThat(plan.service(service("s3"))).isEmpty();
        assertThat(plan.pods("a").v4().toString()).isEqualTo("10.103.1.0/24");
    }

    @Test
    void podOnTheHostNetworkHasItsNodesAddress() {
        AddressPlan plan = AddressPlan.of(MESH, 0);
        assertThat(plan.pod("a", pod("host"))).isEqualTo(plan.node("a").list());
    }

    @Test
    void nobodySharesAnAddressEvenAcrossOffsets() {
        Set<InetAddress> seen = new HashSet<>();
        for (int offset = 0; offset <= AddressPlan.OFFSET_MAX; offset++) {
            AddressPlan plan = AddressPlan.of(MESH, offset);
            for (String node : List.of("a", "b")) {
                assertThat(seen.addAll(plan.node(node).list())).isTrue();
                assertThat(seen.addAll(plan.proxy(node).list())).isTrue();
                assertThat(seen.addAll(plan.podGateway(node).list())).isTrue();
            }
            for (InetAddress address : List.of(
                    plan.controlPlane().v4(),
                    plan.kubeApi().v4(),
                    plan.fabricBridge().v4(),
                    plan.pod("a", pod("p1")).getFirst(),
                    plan.pod("a", pod("p2")).getFirst(),
                    plan.pod("b", pod("p3")).getFirst(),
                    plan.service(service("s1")).getFirst())) {
                assertThat(seen.add(address))
                        .as("%s of offset %s", address, offset)
                        .isTrue();
            }
        }
    }

    @Test
    void podsKeepTheirAddressWhileOthersComeAndGo() {
        AddressPlan before = AddressPlan.of(MESH, 0);
        MeshSpec changed = MESH.toBuilder()
                .removePod("default", "p1")
                .pod("a", "p9", p -> {})
                .build();
        AddressPlan after = before.evolve(changed);
        assertThat(after.pod("a", pod("p2"))).isEqualTo(before.pod("a", pod("p2")));
        assertThat(after.pod("a", changed.pod("default", "p9").orElseThrow())).isNotEqualTo(before.pod("a", pod("p1")));
    }

    @Test
    void refusesOffsetOutOfRangeAndStrangers() {
        assertThatExceptionOfType(SpecException.class)
                .isThrownBy(() -> AddressPlan.of(MESH, AddressPlan.OFFSET_MAX + 1))
                .withMessageContaining("use 0 to");
        assertThatExceptionOfType(SpecException.class)
                .isThrownBy(() -> AddressPlan.of(MESH, 0).node("c"))
                .withMessageContaining("node c is not in the description");
    }

    private static PodSpec pod(String name) {
        return MESH.pod("default", name).orElseThrow();
    }

    private static ServiceSpec service(String name) {
        return MESH.service("default", name).orElseThrow();
    }

    private static List<String> text(List<InetAddress> addresses) {
        return addresses.stream().map(InetAddress::getHostAddress).toList();
    }
}
