package io.culvert.testkit.controlplane;

import static io.culvert.testkit.controlplane.TestProxy.names;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ControlScriptTest {
    private static final MeshSpec MESH =
            MeshSpec.mesh("m").node("node-a", n -> n.pod("client", p -> {})).build();

    @Test
    @Tag("direct")
    void doesWhatItSaysInOrder() throws Exception {
        ControlScript script = ControlScript.parse("""
                # a proxy comes, and hears of a resource that it must reject
                ads spoil bad-cidr 1
                unusable authorization default/broken unknown-enum

                wait 1ms
                ca rotate add-root
                remove address Kubernetes//Pod/default/client   # gone before anybody asked
                """);
        List<String> told = new ArrayList<>();
        try (ControlPlane server = ControlPlane.builder().start();
                TestProxy proxy = TestProxy.connect(server, server.tokens().issue(ProxyAccount.ofNode("node-a")))) {
            server.serve(MESH, AddressPlan.of(MESH, 0));
            script.run(server, told::add);

            TestProxy.Stream stream = proxy.open();
            stream.send(DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.ADDRESS.url()));
            assertThat(names(stream.receive())).containsExactly(Unusable.BAD_CIDR.defaultName());
            stream.send(DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.AUTHORIZATION.url()));
            assertThat(names(stream.receive())).containsExactly("default/broken");
            assertThat(server.authority().rootPem().split("BEGIN")).hasSize(3);

            ControlScript.parse("ads close UNAVAILABLE").run(server, told::add);
            assertThat(stream.end().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        }
        assertThat(told).hasSize(6).element(2).isEqualTo("wait 1ms");
    }

    @Test
    void understandsEveryVerb() {
        assertThat(ControlScript.parse("""
                wait 500ms
                wait 2h
                ads drop
                ads duplicate 2
                ads swap 1
                ads repeat-nonce
                ads skew-versions
                ads mute
                ads garbage 1
                ads unknown-type
                ads delay 3s 10
                ads spoil huge-name
                ads end INTERNAL 1
                ads clear
                ads close CANCELLED
                ads deaf on
                ads deaf off
                ca silent
                ca wrong-key 1
                ca slow 2s
                ca life 10s 1
                ca skew -2d
                ca refuse PERMISSION_DENIED 3
                ca wrong-san spiffe://cluster.local/ns/x/sa/y
                ca malformed foreign-root 1
                ca clear
                ca rotate intermediate
                ca rotate sign-by-newest
                ca rotate drop-old
                ca rotate replace-root
                ca renew-server
                unusable address a/b truncated
                """).size()).isEqualTo(32);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            wait | line 1, 'wait': a duration is missing
            wait 5 | '5' is no duration
            ads explode | 'explode' is no fault of ads
            ads end NOPE | 'NOPE' is no status
            ads drop 0 | '0' is no number of times
            ads drop 1 2 | '2' is too much
            ads spoil nothing | 'nothing' is no kind; there are: truncated,
            ca rotate wheel | 'wheel' is no rotation
            dance | 'dance' is no verb; there are: wait, ads, ca
            remove pod x | 'pod' is no type; there are: address, authorization
            """)
    void saysWhichLineIsWrongAndWhy(String script, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ControlScript.parse(script))
                .withMessageContaining(message);
    }
}
