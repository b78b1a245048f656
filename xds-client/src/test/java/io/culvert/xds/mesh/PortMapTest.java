package io.culvert.xds.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PortMapTest {
    @Test
    void findsEveryPortOfTheWholeRange() {
        PortMap ports = new PortMap.Builder(1)
                .put(65_535, 1)
                .put(80, 8080)
                .put(32_768, 0)
                .put(1, 65_535)
                .build();
        List<Integer> order = new ArrayList<>();
        ports.forEach((service, target) -> order.add(service));

        assertThat(order).containsExactly(1, 80, 32_768, 65_535);
        assertThat(ports.target(80)).isEqualTo(8080);
        assertThat(ports.target(32_768)).isZero();
        assertThat(ports.target(65_535)).isEqualTo(1);
        assertThat(ports.target(81)).isEqualTo(PortMap.ABSENT);
        assertThat(ports.contains(1)).isTrue();
    }

    @Test
    void keepsTheLastOfAServicePortAndSixteenBitsOfEach() {
        PortMap ports =
                new PortMap.Builder(0).put(80, 1).put(80 + 65_536, 2 + 65_536).build();

        assertThat(ports.size()).isEqualTo(1);
        assertThat(ports).hasToString("{80=2}");
    }

    @Test
    void isEmptyWithoutPorts() {
        assertThat(new PortMap.Builder(0).build()).isSameAs(PortMap.EMPTY);
        assertThat(PortMap.EMPTY.target(0)).isEqualTo(PortMap.ABSENT);
    }
}
