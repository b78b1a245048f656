package io.culvert.e2e.program;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.culvert.e2e.mesh.Programs;
import io.culvert.linux.Netns;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.TunnelProtocol;
import io.culvert.proto.workload.Workload;
import io.culvert.testkit.controlplane.CertificateFault;
import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.ProxyAccount;
import io.culvert.testkit.controlplane.ProxySetup;
import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node of two thousand identities, which all want their first certificate at once. */
@Tag("e2e")
final class ManyIdentitiesTest {
    private static final int IDENTITIES = 2_000;
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Pattern AVAILABLE = Pattern.compile("\"state\"\\s*:\\s*\"Available\"");
    private static final Pattern WAITING = Pattern.compile("\"state\"\\s*:\\s*\"Initializing\"");

    @TempDir
    private Path directory;

    private Netns netns;
    private ControlPlane controlPlane;

    @BeforeEach
    void start() throws IOException {
        Programs.assumeMeshesCanRun();
        netns = ProxyAlone.namespace();
        controlPlane = ControlPlane.builder()
                .listening(Listening.in(netns, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
                .start();
    }

    @AfterEach
    void stop() throws IOException {
        if (controlPlane != null) {
            controlPlane.close();
        }
        if (netns != null) {
            netns.close();
        }
    }

    @Test
    void allWaitForAnAuthorityThatIsSilentAndAllAreServedWhenItSpeaks() throws IOException {
        MeshSpec mesh = MeshSpec.mesh("many")
                .node("one", node -> node.pod("a", pod -> {}))
                .build();
        controlPlane.serve(mesh, AddressPlan.of(mesh, 0));
        controlPlane.edit(edit -> {
            for (int i = 0; i < IDENTITIES; i++) {
                edit.put(Address.newBuilder().setWorkload(workload(i)).build());
            }
        });
        controlPlane.certificateFaults().always(new CertificateFault.Silent());
        ProxySetup setup = ProxySetup.write(
                controlPlane,
                mesh,
                ProxyAccount.ofNode("one"),
                directory,
                controlPlane.address(),
                InetAddress.getLoopbackAddress());
        try (ProxyAlone proxy = ProxyAlone.start(directory, netns, setup.environment())) {
            awaitDump(proxy, "some wait for their certificate", WAITING, 1);
            controlPlane.certificateFaults().clear();
            awaitDump(proxy, "all have their certificate", AVAILABLE, IDENTITIES);
            assertThat(proxy.lines())
                    .noneSatisfy(line -> assertThat(line).contains("\terror\t"))
                    .noneSatisfy(line -> assertThat(line).contains("OutOfMemory"));
        }
    }

    private static Workload workload(int number) {
        byte[] address = {10, 99, (byte) (number >> 8), (byte) number};
        return Workload.newBuilder()
                .setUid("Kubernetes//Pod/crowd/pod-" + number)
                .setName("pod-" + number)
                .setNamespace("crowd")
                .setServiceAccount("account-" + number)
                .setNode("one")
                .addAddresses(ByteString.copyFrom(address))
                .setTunnelProtocol(TunnelProtocol.HBONE)
                .build();
    }

    private static void awaitDump(ProxyAlone proxy, String what, Pattern state, int atLeast) {
        Await.untilTrue(
                what,
                LIMIT,
                () -> state.matcher(proxy.get(ProxyAlone.ADMIN, "/config_dump").body())
                                .results()
                                .count()
                        >= atLeast,
                () -> String.join("\n", proxy.lines()));
    }
}
