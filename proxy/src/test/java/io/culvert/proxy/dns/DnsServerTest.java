package io.culvert.proxy.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.proxy.config.DnsAddress;
import io.culvert.proxy.inpod.PodSocketSettings;
import io.culvert.proxy.inpod.PodSockets;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopsForTests;
import io.culvert.proxy.routing.LocalWorkloads;
import io.culvert.proxy.routing.WorkloadRef;
import io.culvert.proxy.telemetry.metrics.MetricsRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The DNS proxy of a pod on real sockets, and a resolver in another namespace. */
@Tag("netns")
@Timeout(120)
class DnsServerTest {

    private static final int PORT = 15_053;
    private static final int OTHER_PORT = 15_054;
    private static final int A = 1;
    private static final int NO_SUCH_NAME = 3;
    private static final PodSocketSettings SOCKETS = new PodSocketSettings(
            true,
            1337,
            true,
            PodSocketSettings.Transparency.BEST_EFFORT,
            "",
            new PodSocketSettings.Keepalive(true, Duration.ofMinutes(3), Duration.ofMinutes(3), 9, false));

    @TempDir
    private Path directory;

    private final MeshForDns mesh = new MeshForDns();
    private final DnsMetrics metrics = new DnsMetrics();
    private final AtomicInteger ended = new AtomicInteger();
    private final List<ResolverForTests> resolvers = new ArrayList<>();
    private Cable cable;
    private LoopsForTests loops;
    private DnsServer server;

    @BeforeEach
    void makeNamespaces() throws Exception {
        boolean root = Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        Assumptions.assumeTrue(root, "needs root: DNS in pod namespaces was not tried");
        cable = new Cable();
        loops = new LoopsForTests(1);
        server = serve(MeshForDns.CLIENT, PORT, "nameserver 10.77.0.1\n");
    }

    @AfterEach
    void drop() throws Exception {
        if (loops != null) {
            loops.close();
        }
        for (ResolverForTests resolver : resolvers) {
            resolver.close();
        }
        if (cable != null) {
            cable.close();
        }
    }

    private DnsServer serve(String workload, int port, String resolvConf) throws Exception {
        Path file = Files.writeString(directory.resolve("resolv.conf"), resolvConf);
        DnsSettings settings =
                new DnsSettings("cluster.local", MeshForDns.PREFERRED, true, new DnsAddress.Localhost(port), file);
        SplittableRandom ids = new SplittableRandom();
        DnsService service = new DnsService(settings, metrics, () -> ids);
        PodSockets sockets = new PodSockets(cable.pod, SOCKETS);
        DnsListeners listeners = service.bind(sockets);
        DataLoop loop = loops.get(0);
        DnsServer made = new DnsServer(
                new AskingPod(
                        new WorkloadRef(workload, "ns1", MeshForDns.ACCOUNT),
                        sockets,
                        mesh.state(),
                        new LocalWorkloads(mesh.state())),
                loop,
                new SplittableRandom(1),
                service,
                ResolvConf.read(file),
                ignored -> ended.incrementAndGet());
        LoopsForTests.run(loop, () -> made.begin(listeners));
        return made;
    }

    private ResolverForTests resolver(ResolverForTests.Behaviour behaviour) throws IOException {
        ResolverForTests made = new ResolverForTests(cable.host, Cable.RESOLVER, behaviour);
        resolvers.add(made);
        return made;
    }

    private Messages.Answer ask(String protocol, String name, int type) throws IOException {
        byte[] query = Messages.query(7, name, type);
        return Messages.read(protocol.equals("tcp") ? cable.askTcp(PORT, query) : cable.askUdp(PORT, query));
    }

    private String scrape() {
        return new String(new MetricsRegistry().add(metrics).scrape(), StandardCharsets.UTF_8);
    }

    private static List<byte[]> wellBehaved(byte[] query, boolean overTcp) {
        boolean known =
                ((Incoming.Question) Incoming.read(query)).query().name().equals(DnsName.of("www.bing.com"));
        return List.of(known ? ResolverForTests.answer(query, 0x8580, 1) : ResolverForTests.answer(query, 0x8183, 0));
    }

    @ParameterizedTest
    @CsvSource({"udp", "tcp"})
    void answersNamesOfTheMeshItself(String protocol) throws Exception {
        Messages.Answer answer = ask(protocol, "productpage.ns1.ns1.svc.cluster.local.", A);
        assertThat(answer.authoritative()).isTrue();
        assertThat(answer.recursionAvailable()).isTrue();
        assertThat(answer.records())
                .containsExactly(
                        "productpage.ns1.ns1.svc.cluster.local. CNAME productpage.ns1.", "productpage.ns1. A 9.9.9.9");
        Messages.Answer none = ask(protocol, "productpage.ns1.", 28);
        assertThat(none.code()).isEqualTo(Wire.NO_ERROR);
        assertThat(none.authoritative()).isTrue();
        assertThat(none.records()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"udp", "tcp"})
    void forwardsTheRestAndPassesOnWhatTheResolverSays(String protocol) throws Exception {
        ResolverForTests resolver = resolver(DnsServerTest::wellBehaved);
        Messages.Answer answer = ask(protocol, "www.bing.com.", A);
        assertThat(answer.authoritative()).isFalse();
        assertThat(answer.records()).containsExactly("www.bing.com. A 1.1.1.1");
        assertThat(answer.sizes()).containsExactly(1, 0, 1);
        Messages.Answer unknown = ask(protocol, "productpage.ns1.", 2);
        assertThat(unknown.code()).isEqualTo(NO_SUCH_NAME);
        assertThat(unknown.authoritative()).isFalse();
        assertThat(resolver.askers)
                .allSatisfy(from -> assertThat(from.getAddress()).isEqualTo(Cable.POD));
    }

    @Test
    void aLongAnswerIsMarkedOverUdpAndFetchedByTcpForWhoCameByIt() throws Exception {
        ResolverForTests resolver = resolver((query, overTcp) -> List.of(
                overTcp ? ResolverForTests.answer(query, 0x8180, 300) : ResolverForTests.answer(query, 0x8380, 3)));
        Messages.Answer cut = ask("udp", "large.com.", A);
        assertThat(cut.truncated()).isTrue();
        assertThat(cut.records()).hasSize(3);
        assertThat(resolver.asked).doesNotContainKey("tcp");
        Messages.Answer whole = ask("tcp", "large.com.", A);
        assertThat(whole.truncated()).isFalse();
        assertThat(whole.records()).hasSize(300);
        assertThat(resolver.asked).containsEntry("tcp", 1);
    }

    @Test
    void aResolverThatIsNotThereIsToldAtOnce() throws Exception {
        Messages.Answer answer = ask("udp", "www.bing.com.", A);
        assertThat(answer.code()).isEqualTo(Wire.SERVER_FAILURE);
        assertThat(scrape()).contains("istio_dns_upstream_failures_total{request_query_type=\"a\"");
    }

    @Test
    void theNextResolverIsAskedWhenOneIsNotThereOrWillNotSay() throws Exception {
        resolver((query, overTcp) -> List.of(ResolverForTests.answer(query, 0x8185, 0)));
        resolvers.add(new ResolverForTests(cable.host, Cable.SECOND_RESOLVER, DnsServerTest::wellBehaved));
        var _ = serve(
                MeshForDns.CLIENT, OTHER_PORT, "nameserver 10.77.0.9\nnameserver 10.77.0.1\nnameserver 10.77.0.3\n");
        byte[] answer = cable.askUdp(OTHER_PORT, Messages.query(7, "www.bing.com.", A));
        assertThat(Messages.read(answer).records()).containsExactly("www.bing.com. A 1.1.1.1");
    }

    @Test
    void whatAllResolversRefuseIsPassedOn() throws Exception {
        resolver((query, overTcp) -> List.of(ResolverForTests.answer(query, 0x8185, 0)));
        assertThat(ask("udp", "www.bing.com.", A).code()).isEqualTo(Wire.REFUSED);
    }

    @Test
    void garbageAndForgeriesBeforeTheAnswerDoNotMatter() throws Exception {
        resolver((query, overTcp) -> {
            byte[] good = ResolverForTests.answer(query, 0x8180, 1);
            byte[] forged = ResolverForTests.answer(query, 0x8180, 2);
            forged[1] ^= 1;
            byte[] looped = good.clone();
            ByteBuffer.wrap(looped).putShort(good.length - 16, (short) 0xc000);
            byte[] cut = Arrays.copyOf(good, good.length - 3);
            return List.of(new byte[0], new byte[5], forged, cut, query, good, looped);
        });
        assertThat(ask("udp", "www.bing.com.", A).records()).containsExactly("www.bing.com. A 1.1.1.1");
    }

    @Test
    void aResolverThatSendsNothingButGarbageHasFailed() throws Exception {
        resolver((query, overTcp) -> {
            List<byte[]> garbage = new ArrayList<>();
            for (int i = 0; i < 2 * Forward.WORTHLESS_MAX; i++) {
                garbage.add(new byte[i]);
            }
            return garbage;
        });
        assertThat(ask("udp", "www.bing.com.", A).code()).isEqualTo(Wire.SERVER_FAILURE);
    }

    @Test
    void aFloodOfNamesThatNobodyAnswersIsBoundedAndTheRestIsServed() throws Exception {
        resolver((query, overTcp) -> List.of());
        var _ = serve(MeshForDns.CLIENT, OTHER_PORT, "nameserver 10.77.0.1\n");
        int refusedAtLeast = 44;
        try (DatagramChannel flood = cable.udp(PORT)) {
            for (int i = 0; i < DnsServer.WAITING_MAX + refusedAtLeast; i++) {
                Cable.send(flood, Messages.query(i, "n" + i + ".example.", A));
                if (i % 50 == 49) {
                    // Also lets the proxy empty the socket, which does not hold them all.
                    assertThat(ask("udp", "productpage.", A).records()).hasSize(1);
                }
            }
            for (int i = 0; i < refusedAtLeast; i++) {
                assertThat(Messages.read(Cable.await(flood)).code()).isEqualTo(Wire.SERVER_FAILURE);
            }
        }
        byte[] neighbour = cable.askUdp(OTHER_PORT, Messages.query(7, "productpage.", A));
        assertThat(Messages.read(neighbour).records()).hasSize(1);
        assertThat(scrape()).contains("culvert_dns_refused_total{reason=\"questions\"} " + refusedAtLeast);
        LoopsForTests.run(loops.get(0), () -> server.stop(EndReason.POD_REMOVED));
        assertThat(ended).hasPositiveValue();
        // What is left is the other proxy: two sockets for each of its two addresses.
        loops.awaitNothingLeft(4);
    }

    @Test
    void hostileDatagramsGetARefusalOrNothing() throws Exception {
        SplittableRandom random = new SplittableRandom(4711);
        try (DatagramChannel hostile = cable.udp(PORT)) {
            byte[] query = Messages.query(1, "a.", A);
            query[2] |= (byte) 0x80;
            Cable.send(hostile, query);
            Cable.send(hostile, new byte[0]);
            Cable.send(hostile, new byte[11]);
            Cable.send(hostile, new byte[DnsServer.QUERY_BYTES_MAX + 1]);
            Cable.send(hostile, new byte[60_000]);
            assertThat(Cable.receive(hostile, 200)).isNull();
            for (int i = 0; i < 2_000; i++) {
                byte[] bytes = new byte[random.nextInt(100)];
                random.nextBytes(bytes);
                Cable.send(hostile, bytes);
                if (i % 50 == 49) {
                    assertThat(ask("udp", "productpage.", A).records()).hasSize(1);
                }
            }
        }
        assertThat(scrape())
                .contains("{reason=\"too_long\"} 2")
                .contains("{reason=\"not_a_query\"}")
                .contains("{reason=\"malformed\"}");
    }

    @Test
    void aConnectionTakesManyQuestionsAndAnyPieces() throws Exception {
        resolver(DnsServerTest::wellBehaved);
        try (SocketChannel client = cable.tcp(PORT)) {
            byte[] one = Messages.query(1, "productpage.", A);
            ByteBuffer all = ByteBuffer.allocate(100 * (one.length + 2));
            for (int i = 0; i < 100; i++) {
                ByteBuffer.wrap(one).putShort(0, (short) i);
                all.putShort((short) one.length).put(one);
            }
            for (int at = 0; at < all.capacity(); at += 7) {
                ByteBuffer piece = all.slice(at, Math.min(7, all.capacity() - at));
                while (piece.hasRemaining()) {
                    client.write(piece);
                }
            }
            for (int i = 0; i < 100; i++) {
                assertThat(Messages.read(Cable.readFramed(client)).id()).isEqualTo(i);
            }
        }
        loops.awaitNothingLeft(4);
    }

    @Test
    void aConnectionEndsThatSendsTooMuchOrNothing() throws Exception {
        try (SocketChannel client = cable.tcp(PORT)) {
            client.write(ByteBuffer.wrap(new byte[] {(byte) 0xff, (byte) 0xff, 1, 2, 3}));
            assertThatThrownBy(() -> Cable.readFramed(client)).isInstanceOf(IOException.class);
        }
        try (SocketChannel client = cable.tcp(PORT)) {
            client.write(ByteBuffer.wrap(new byte[] {0, 50, 1, 2, 3}));
            assertThatThrownBy(() -> Cable.readFramed(client)).isInstanceOf(IOException.class);
        }
        loops.awaitNothingLeft(4);
    }

    @Test
    void connectionsAreBounded() throws Exception {
        List<SocketChannel> open = new ArrayList<>();
        try {
            for (int i = 0; i < DnsServer.CONNECTIONS_MAX; i++) {
                SocketChannel client = cable.tcp(PORT);
                open.add(client);
                Cable.sendFramed(client, Messages.query(i, "productpage.", A));
                assertThat(Cable.readFramed(client)).isNotEmpty();
            }
            SocketChannel beyond = cable.tcp(PORT);
            open.add(beyond);
            assertThatThrownBy(() -> Cable.readFramed(beyond)).isInstanceOf(IOException.class);
            assertThat(scrape()).contains("culvert_dns_refused_total{reason=\"connections\"} 1");
        } finally {
            for (SocketChannel client : open) {
                client.close();
            }
        }
    }

    @Test
    void aPodThatIsNotKnownYetIsWaitedFor() throws Exception {
        var _ = serve("late", OTHER_PORT, "nameserver 10.77.0.1\n");
        try (DatagramChannel client = cable.udp(OTHER_PORT)) {
            Cable.send(client, Messages.query(7, "productpage.", A));
            assertThat(Cable.receive(client, 200)).isNull();
            mesh.workload("late", List.of(), "10.99.0.2");
            assertThat(Messages.read(Cable.await(client)).records()).containsExactly("productpage. A 9.9.9.9");
        }
    }

    @Test
    void aPodThatNobodyKnowsGetsAFailure() throws Exception {
        var _ = serve("stranger", OTHER_PORT, "nameserver 10.77.0.1\n");
        byte[] answer = cable.askUdp(OTHER_PORT, Messages.query(7, "productpage.", A));
        assertThat(Messages.read(answer).code()).isEqualTo(Wire.SERVER_FAILURE);
        assertThat(scrape()).contains("source_canonical_service=\"unknown\",source_canonical_revision=\"unknown\"} 1");
    }

    @Test
    void drainingWaitsForTheQuestionUnderWay() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        resolver((query, overTcp) -> {
            try {
                gate.await();
                return wellBehaved(query, overTcp);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return List.of();
            }
        });
        try (DatagramChannel client = cable.udp(PORT)) {
            Cable.send(client, Messages.query(7, "www.bing.com.", A));
            LoopsForTests.await(
                    "the query is under way", () -> !resolvers.getFirst().askers.isEmpty());
            LoopsForTests.run(loops.get(0), server::drain);
            assertThat(ended).hasValue(0);
            gate.countDown();
            assertThat(Messages.read(Cable.await(client)).records()).hasSize(1);
        }
        LoopsForTests.await("the server has ended", () -> ended.get() > 0);
        loops.awaitNothingLeft(0);
    }

    @Test
    void countsWhatTheOriginalCounts() throws Exception {
        resolver(DnsServerTest::wellBehaved);
        var _ = ask("tcp", "productpage.", A);
        assertThat(scrape()).doesNotContain("istio_dns_upstream");
        var _ = ask("udp", "www.bing.com.", 28);
        String labels = "request_query_type=\"aaaa\",request_protocol=\"udp\",source_canonical_service=\"shop\","
                + "source_canonical_revision=\"v1\"}";
        assertThat(scrape())
                .contains(
                        "istio_dns_requests_total{" + labels + " 1\n",
                        "istio_dns_upstream_requests_total{" + labels + " 1\n",
                        "istio_dns_upstream_request_duration_seconds_bucket{le=\"5.0\"," + labels + " 1\n")
                .doesNotContain("istio_dns_upstream_failures");
        metrics.expireIdle(0, System.nanoTime() + 1);
        assertThat(scrape()).doesNotContain("istio_dns");
    }
}
