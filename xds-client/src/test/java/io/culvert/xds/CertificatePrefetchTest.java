package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.xds.channel.ManualLoop;
import io.culvert.xds.identity.CertificateManager;
import io.culvert.xds.identity.CertificatePreparation;
import io.culvert.xds.identity.CertificateSource;
import io.culvert.xds.identity.CertificateStatus;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.Renewal;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Workload;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class CertificatePrefetchTest {
    private final ManualLoop loop = new ManualLoop();
    private final MeshState mesh = new MeshState("node-a");
    private final List<Identity> asked = new ArrayList<>();
    private final Deque<CertificateSource.Sink> sinks = new ArrayDeque<>();
    private final CertificateManager manager = new CertificateManager(
            (identity, sink) -> {
                asked.add(identity);
                sinks.add(sink);
            },
            CertificatePreparation.NONE,
            Renewal.AT_HALF_LIFE,
            loop,
            new Random(1));

    @BeforeEach
    void listen() {
        mesh.addListener(new CertificatePrefetch(manager, loop));
    }

    private static Workload.Builder workload(String account) {
        return Workload.builder()
                .uid(account)
                .namespace("ns")
                .trustDomain("td")
                .serviceAccount(account)
                .node("node-a")
                .tunnelProtocol(TunnelProtocol.HBONE);
    }

    private void put(Workload.Builder workload) {
        mesh.update(edit -> edit.putWorkload(workload.build()));
        loop.run();
    }

    @Test
    void asksForIdentitiesOfThisNodeThatTakePart() {
        put(workload("remote").node("node-b"));
        put(workload("plain").tunnelProtocol(TunnelProtocol.NONE));
        assertThat(asked).isEmpty();

        put(workload("native").tunnelProtocol(TunnelProtocol.NONE).nativeTunnel(true));
        assertThat(asked).containsExactly(new Identity("td", "ns", "native"));
    }

    @Test
    void leavesPlacesToConnections() {
        for (int i = 0; i < 6; i++) {
            put(workload("w" + i));
        }
        assertThat(asked).hasSize(CertificatePrefetch.UNDER_WAY_MAX);

        sinks.remove().failed("no");
        loop.run();
        assertThat(asked).hasSize(CertificatePrefetch.UNDER_WAY_MAX + 1);
    }

    @Test
    void asksForAllOfAFullNode() {
        mesh.update(edit -> {
            for (int i = 0; i < 2_000; i++) {
                edit.putWorkload(workload("w" + i).build());
            }
        });
        loop.run();
        while (!sinks.isEmpty()) {
            sinks.remove().failed("no");
            loop.run();
        }

        assertThat(asked).hasSize(2_000).doesNotHaveDuplicates();
    }

    @Test
    void forgetsAnIdentityWithItsLastWorkload() {
        put(workload("a"));
        put(workload("a").uid("second"));
        mesh.update(edit -> edit.removeAddress("a"));
        loop.run();
        assertThat(manager.dump()).extracting(CertificateStatus::identity).hasSize(1);

        mesh.update(edit -> edit.removeAddress("second"));
        loop.run();
        assertThat(manager.dump()).isEmpty();
    }
}
