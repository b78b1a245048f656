package io.culvert.e2e.recorded;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.testkit.controlplane.CertificateAuthority;
import io.culvert.testkit.controlplane.PeerCredential;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.workload.TcpResult;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Frame by frame against the recording of the original's HBONE: what a server sees of a client pod's proxy, and what a
 * client gets from a server pod's. The server pod is b1 here, because b0 is played by hand.
 */
@Tag("e2e")
final class RecordedWireTest {

    /** The recording's mesh: nothing is known of a workload but who it is. */
    private static final String LOCAL_STATE = """
            workloads:
            - {uid: pb//Pod/default/a0, name: a0, namespace: default, serviceAccount: a0, trustDomain: cluster.local,
               workloadIps: [10.61.1.10], protocol: HBONE, node: node-a, services: {}}
            - {uid: pb//Pod/default/a1, name: a1, namespace: default, serviceAccount: a1, trustDomain: cluster.local,
               workloadIps: [10.61.1.11], protocol: HBONE, node: node-a, services: {}}
            - {uid: pb//Pod/default/b0, name: b0, namespace: default, serviceAccount: b0, trustDomain: cluster.local,
               workloadIps: [10.61.2.10], protocol: HBONE, node: node-b, services: {}}
            - {uid: pb//Pod/default/b1, name: b1, namespace: default, serviceAccount: b1, trustDomain: cluster.local,
               workloadIps: [10.61.2.11], protocol: HBONE, node: node-b,
               services: {default/srv.default.svc.cluster.local: {80: 8080}}}
            services:
            - {name: srv, namespace: default, hostname: srv.default.svc.cluster.local, vips: [/10.62.0.1],
               ports: {80: 8080}, canonical: true}
            """;

    private static final int HBONE = 15008;
    private static final int HTTP = 8080;
    private static final int REQUEST_BYTES = 84;
    private static final int ANSWER_BYTES = 94;
    private static final byte[] PING = "recorded".getBytes(StandardCharsets.US_ASCII);
    private static final String PONG = "PING flags=0x01 stream=0 7265636f72646564";
    private static final String SIZE_ERROR = "GOAWAY flags=0x00 stream=0 0000000000000006";
    private static final byte[] CANCEL = {0, 0, 0, 8};

    @TempDir
    private static Path directory;

    private static RecordedMesh mesh;
    private static TcpService application;

    @BeforeAll
    static void start() throws IOException {
        Programs.assumeMeshesCanRun();
        mesh = RecordedMesh.start(directory, LOCAL_STATE, Set.of("b0"), Map.of());
        application = mesh.pod("b1").serve(HTTP, connection -> {
            if (connection.socket().getInputStream().read() >= 0) {
                byte[] _ = connection.socket().getInputStream().readNBytes(REQUEST_BYTES - 1);
                connection.socket().getOutputStream().write(new byte[ANSWER_BYTES]);
            }
        });
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            application.close();
            mesh.close();
        }
    }

    private static PeerCredential credential(String spiffeId) {
        CertificateAuthority authority = mesh.mesh().controlPlane().authority();
        return authority.peerCredential(spiffeId, Duration.ZERO, Duration.ofHours(1));
    }

    private static PeerCredential credentialOf(String pod) {
        return credential("spiffe://cluster.local/ns/default/sa/" + pod);
    }

    // What a server sees.

    @Test
    void aServerSeesWhatItSawOfTheOriginal() throws Exception {
        CompletableFuture<List<String>> seen = new CompletableFuture<>();
        MeshPod b0 = mesh.pod("b0");
        try (TcpService _ = b0.serve(HBONE, connection -> {
            try (WirePeer peer = WirePeer.server(connection, credentialOf("b0"))) {
                seen.complete(serveOne(peer));
            } catch (GeneralSecurityException | IOException | RuntimeException failure) {
                seen.completeExceptionally(failure);
            }
        })) {
            assertThat(mesh.pod("a0").tcp(RecordedMesh.LIMIT).exchange(b0.at(HTTP), new byte[REQUEST_BYTES]))
                    .isInstanceOfSatisfying(
                            TcpResult.Answered.class,
                            answer -> assertThat(answer.bytes().size()).isEqualTo(ANSWER_BYTES));
            List<String> frames = seen.get(RecordedMesh.LIMIT.toSeconds(), TimeUnit.SECONDS);
            assertAsRecorded(frames.stream().map(RecordedWireTest::comparable).toList(), recordedOutbound());
        }
    }

    /** Security, the 24 bytes of preface, and frames as they come; the answer once the request is complete. */
    private static List<String> serveOne(WirePeer peer) throws GeneralSecurityException, IOException {
        List<String> seen = new ArrayList<>();
        seen.add(peer.security() + " names " + peer.requestedNames());
        seen.add("preface " + peer.skipPreface() + " bytes");
        peer.send(WirePeer.SETTINGS, 0, 0);
        peer.send(WirePeer.SETTINGS, WirePeer.ACK, 0);
        String frame;
        do {
            frame = peer.next();
            seen.add(frame);
            if (frame.startsWith("HEADERS")) {
                peer.send(WirePeer.HEADERS, WirePeer.END_HEADERS, 1, WirePeer.block(":status", "200"));
            }
        } while (!frame.startsWith("DATA flags=0x01") && !frame.equals("eof"));
        peer.send(WirePeer.DATA, WirePeer.END_STREAM, 1, new byte[ANSWER_BYTES]);
        return seen;
    }

    private static List<String> recordedOutbound() throws IOException {
        List<String> result = new ArrayList<>();
        for (String line : Golden.lines("ztunnel-hbone/outbound.txt").subList(1, 9)) {
            String frame = line.strip().replaceFirst("^[0-9.]+ ", "");
            if (frame.startsWith("tls")) {
                // No SNI: so it was in the recorded ClientHello, too.
                result.add("TLSv1.3 h2 [[6, spiffe://cluster.local/ns/default/sa/a0]] names []");
            } else if (frame.startsWith("preface")) {
                result.add(frame);
            } else {
                result.add(comparable(WirePeer.recorded(frame)));
            }
        }
        return result;
    }

    /**
     * Without ephemeral port and trace, and without HEADER_TABLE_SIZE: we announce that our table is empty
     * (docs/DIFFERENCES.md).
     */
    private static String comparable(String frame) {
        return Golden.asRecorded(frame)
                .replaceFirst("stream=0 1=0 ", "stream=0 ")
                .replaceFirst("for=\"([0-9.]+):\\d+\"", "for=\"$1:PORT\"")
                .replaceFirst("traceparent=00-[0-9a-f]{32}-[0-9a-f]{16}-00", "traceparent=00-TRACE-SPAN-00");
    }

    // What a client gets.

    /** What the recording's client did in each case, after the handshake. */
    enum Case {
        CONNECT,
        CONNECT_AND_END,
        CONNECT_AND_CANCEL,
        GET,
        DATA_ON_IDLE_STREAM,
        SHORT_SETTINGS
    }

    @ParameterizedTest
    @CsvSource({
        "'CONNECT to the pod, request, response', CONNECT, 10.61.2.11:8080",
        "refused port, CONNECT, 10.61.2.11:8081",
        "illegal port, CONNECT, 10.61.2.11:15008",
        "other address, CONNECT, 10.61.2.10:8080",
        "hostname authority, CONNECT, srv.default.svc.cluster.local:80",
        "unknown hostname, CONNECT, nobody.default.svc.cluster.local:80",
        "authority without port, CONNECT, 10.61.2.11",
        "GET instead of CONNECT, GET, 10.61.2.11:8080",
        "client END_STREAM at once, CONNECT_AND_END, 10.61.2.11:8080",
        "RST_STREAM CANCEL then PING, CONNECT_AND_CANCEL, 10.61.2.11:8080",
        "DATA on idle stream, DATA_ON_IDLE_STREAM, ''",
        "bad preface frame (SETTINGS length 5), SHORT_SETTINGS, ''"
    })
    void aClientGetsWhatItGotFromTheOriginal(String recording, Case doing, String authority) throws Exception {
        List<String> expected = recordedInbound(recording);
        MeshPod outsider = mesh.pod("outsider");
        try (WirePeer peer = WirePeer.client(
                outsider.tcp(RecordedMesh.LIMIT).connect(mesh.pod("b1").at(HBONE)), credentialOf("a0"))) {
            assertThat(peer.security()).isEqualTo("TLSv1.3 h2 [[6, spiffe://cluster.local/ns/default/sa/b1]]");
            play(peer, doing, Golden.inMesh(authority));
            List<String> seen = new ArrayList<>();
            while (seen.size() < expected.size()) {
                String frame = comparable(peer.next());
                seen.add(frame);
                if (doing == Case.CONNECT_AND_CANCEL && frame.startsWith("HEADERS")) {
                    peer.send(WirePeer.RST_STREAM, 0, 1, CANCEL);
                    peer.send(WirePeer.PING, 0, 0, "12345678".getBytes(StandardCharsets.US_ASCII));
                }
            }
            assertAsRecorded(seen, expected);
            if (!expected.contains("eof")) {
                peer.send(WirePeer.PING, 0, 0, PING);
                assertThat(peer.next()).as("nothing more than was recorded").isEqualTo(PONG);
            }
        }
    }

    private static void play(WirePeer peer, Case doing, String authority) throws IOException {
        peer.hello();
        switch (doing) {
            case CONNECT -> {
                connect(peer, 0, authority);
                peer.send(WirePeer.DATA, 0, 1, new byte[REQUEST_BYTES]);
            }
            case CONNECT_AND_END -> connect(peer, WirePeer.END_STREAM, authority);
            case CONNECT_AND_CANCEL -> connect(peer, 0, authority);
            case GET ->
                peer.send(
                        WirePeer.HEADERS,
                        WirePeer.END_HEADERS | WirePeer.END_STREAM,
                        1,
                        WirePeer.block(":method", "GET", ":scheme", "http", ":authority", authority, ":path", "/"));
            case DATA_ON_IDLE_STREAM -> peer.send(WirePeer.DATA, 0, 3, new byte[3]);
            case SHORT_SETTINGS -> peer.send(WirePeer.SETTINGS, 0, 0, new byte[5]);
        }
    }

    private static void connect(WirePeer peer, int flags, String authority) throws IOException {
        peer.send(
                WirePeer.HEADERS,
                WirePeer.END_HEADERS | flags,
                1,
                WirePeer.block(":method", "CONNECT", ":authority", authority, "baggage", "k8s.namespace.name=default"));
    }

    /** On stream 0 the order of SETTINGS, their acknowledgement and the window is of no meaning, and not the same. */
    private static void assertAsRecorded(List<String> seen, List<String> recorded) {
        assertThat(ofStreams(seen)).isEqualTo(ofStreams(recorded));
        assertThat(seen).containsExactlyInAnyOrderElementsOf(recorded);
    }

    private static List<String> ofStreams(List<String> frames) {
        return frames.stream().filter(frame -> !frame.contains("stream=0")).toList();
    }

    /** The frames under a heading of the recording. */
    private static List<String> recordedInbound(String heading) throws IOException {
        List<String> lines = Golden.lines("ztunnel-hbone/inbound.txt");
        int from = lines.indexOf("== " + heading);
        assertThat(from).as(heading).isPositive();
        List<String> result = new ArrayList<>();
        for (String line : lines.subList(from + 2, lines.size())) {
            if (line.startsWith("==") || line.contains("TimeoutError")) {
                break;
            }
            result.add(comparable(WirePeer.recorded(line)));
        }
        if (heading.startsWith("bad preface frame")) {
            // FRAME_SIZE_ERROR, as RFC 9113 section 6.5 wants it, and our window came first (docs/DIFFERENCES.md).
            result.replaceAll(frame -> frame.replace("GOAWAY flags=0x00 stream=0 0000000000000001", SIZE_ERROR));
            result.add("WINDOW_UPDATE flags=0x00 stream=0 16711681");
        }
        return result;
    }

    @ParameterizedTest
    @CsvSource({
        "foreign trust domain, spiffe://elsewhere.local/ns/default/sa/a0",
        "no SPIFFE SAN, https://cluster.local/ns/default/sa/a0"
    })
    void whoIsNotOfTheMeshSeesTheEndAfterTheHandshakeAsThen(String recording, String name) throws Exception {
        assertThat(recordedInbound(recording)).as("nothing but an end").hasSize(1);
        try (WirePeer peer = WirePeer.client(
                mesh.pod("outsider")
                        .tcp(RecordedMesh.LIMIT)
                        .connect(mesh.pod("b1").at(HBONE)),
                credential(name))) {
            assertThat(peer.next()).isEqualTo("eof");
        }
    }
}
