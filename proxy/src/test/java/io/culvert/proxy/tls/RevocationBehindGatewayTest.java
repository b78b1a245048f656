package io.culvert.proxy.tls;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.hbone.OpenFailure;
import io.culvert.proxy.hbone.TunnelForTests;
import io.culvert.proxy.relay.ApplicationForTests;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.HalfEnd;
import io.culvert.proxy.relay.RelayEnd;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.WorkloadCertificate;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A tunnel inside a tunnel ends when either of the two peers is revoked, and is told as what it is. */
@Tag("direct")
final class RevocationBehindGatewayTest {

    private static final Identity FAR = new Identity("cluster.local", "default", "far");
    private static final RelayEnd CUT_OFF = new RelayEnd(
            new HalfEnd.Stopped(EndReason.CERTIFICATE_REVOKED), new HalfEnd.Stopped(EndReason.CERTIFICATE_REVOKED));

    /** Client and gateway. */
    private TunnelForTests near;
    /** The far server; its client side is not used. */
    private TunnelForTests far;

    private ApplicationForTests application;

    @BeforeEach
    void open() throws Exception {
        near = new TunnelForTests();
        far = new TunnelForTests();
        far.serverCertificate = near.ca.issue(FAR);
        application = new ApplicationForTests();
        near.application = application.address();
        near.behindGateway = Optional.of(far.serverAddress);
        near.expectedBehindGateway = List.of(FAR);
    }

    @AfterEach
    void close() throws Exception {
        application.close();
        near.close();
        far.close();
    }

    @Test
    void whenTheGatewaysCertificateIsRevoked() throws Exception {
        assertCutOffAndNotTakenUpAgain(near.serverCertificate);
    }

    @Test
    void whenTheFarServersCertificateIsRevoked() throws Exception {
        assertCutOffAndNotTakenUpAgain(far.serverCertificate);
    }

    private void assertCutOffAndNotTakenUpAgain(WorkloadCertificate revoked) throws Exception {
        try (Socket client = near.connect()) {
            client.getOutputStream().write(1);
            try (Socket server = application.accept()) {
                assertThat(server.getInputStream().read()).isEqualTo(1);
                String list = near.ca.revocationList(revoked.chain().getFirst());
                near.clientRevocation.replace(RevocationLists.parse(list.getBytes(StandardCharsets.US_ASCII)));
                assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
                assertThat(ApplicationForTests.endsWithReset(server)).isTrue();
            }
        }
        await("the client's relay was told why", () -> near.clientEnds.equals(List.of(CUT_OFF)));
        assertThat(near.clientRevocation.serversRejected()).isEqualTo(1);
        try (Socket again = near.connect()) {
            assertThat(ApplicationForTests.endsWithReset(again)).isTrue();
        }
        assertThat(near.failures).containsExactly(new OpenFailure.TlsFailed("invalid peer certificate: Revoked"));
    }
}
