package io.culvert.xds.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.culvert.proto.spiffe.SpiffeWorkloadAPIGrpc;
import io.culvert.proto.spiffe.X509SVID;
import io.culvert.proto.spiffe.X509SVIDRequest;
import io.culvert.proto.spiffe.X509SVIDResponse;
import io.culvert.xds.channel.ControlThread;
import io.culvert.xds.channel.GrpcTransport;
import io.culvert.xds.channel.TestAuthority;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a server of ours that speaks the protocol, over a socket in the file system. */
@Tag("direct")
final class WorkloadApiTest {
    private static final Identity A = new Identity("td", "ns", "a");
    private static final Identity B = new Identity("td", "ns", "b");
    private static final long LIMIT_SECONDS = 60;

    private final ControlThread control = new ControlThread(InstantSource.system());
    private final GrpcTransport grpc = new GrpcTransport(control);
    private final ExecutorService reader = Executors.newSingleThreadExecutor();
    private final TestAuthority root = TestAuthority.root("root");
    private final TestAuthority intermediate = root.intermediate("intermediate");
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final Agent agent = new Agent();

    @TempDir
    private Path directory;

    private Server server;
    private WorkloadApiSource source;
    private CertificateManager manager;

    /** Tells what it was last told to tell, to whoever asks as the specification wants it. */
    private static final class Agent extends SpiffeWorkloadAPIGrpc.SpiffeWorkloadAPIImplBase
            implements ServerInterceptor {
        private static final Metadata.Key<String> HEADER =
                Metadata.Key.of("workload.spiffe.io", Metadata.ASCII_STRING_MARSHALLER);

        private final List<ServerCallStreamObserver<X509SVIDResponse>> streams = new CopyOnWriteArrayList<>();
        private X509SVIDResponse answer = X509SVIDResponse.getDefaultInstance();
        private Status refusal = Status.OK;

        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            if (!"true".equals(headers.get(HEADER))) {
                call.close(Status.INVALID_ARGUMENT.withDescription("security header missing"), new Metadata());
                return new ServerCall.Listener<>() {};
            }
            return next.startCall(call, headers);
        }

        @Override
        public synchronized void fetchX509SVID(X509SVIDRequest request, StreamObserver<X509SVIDResponse> out) {
            if (!refusal.isOk()) {
                out.onError(refusal.asRuntimeException());
                return;
            }
            streams.add((ServerCallStreamObserver<X509SVIDResponse>) out);
            out.onNext(answer);
        }

        synchronized void tell(X509SVID... svids) {
            refusal = Status.OK;
            answer = X509SVIDResponse.newBuilder().addAllSvids(List.of(svids)).build();
            streams.forEach(stream -> {
                if (!stream.isCancelled()) {
                    stream.onNext(answer);
                }
            });
        }

        synchronized void refuse(Status status) {
            refusal = status;
            streams.forEach(stream -> {
                if (!stream.isCancelled()) {
                    stream.onError(status.asRuntimeException());
                }
            });
            streams.clear();
        }
    }

    @BeforeEach
    void start() throws IOException {
        agent.tell(svid(A));
        serve();
        source = new WorkloadApiSource(directory.resolve("agent.sock"), grpc, control, reader, new Random(1));
        manager = new CertificateManager(
                source, CertificatePreparation.NONE, Renewal.AT_HALF_LIFE, control, new Random(1));
    }

    private void serve() throws IOException {
        server = NettyServerBuilder.forAddress(
                        new DomainSocketAddress(directory.resolve("agent.sock").toString()))
                .channelType(EpollServerDomainSocketChannel.class)
                .bossEventLoopGroup(loops)
                .workerEventLoopGroup(loops)
                .intercept(agent)
                .addService(agent)
                .build()
                .start();
    }

    @AfterEach
    void stop() {
        source.close();
        manager.close();
        server.shutdownNow();
        var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        reader.shutdownNow();
        grpc.close();
        control.close();
    }

    private X509SVID svid(Identity identity) {
        KeyPair keys = TestAuthority.newKeys();
        Instant now = Instant.now();
        return X509SVID.newBuilder()
                .setSpiffeId(identity.toString())
                .setX509Svid(der(intermediate.sign(
                                keys.getPublic(),
                                now.minusSeconds(60),
                                now.plus(Duration.ofHours(1)),
                                TestAuthority.uri(identity.toString())))
                        .concat(der(intermediate.certificate())))
                .setX509SvidKey(ByteString.copyFrom(keys.getPrivate().getEncoded()))
                .setBundle(der(root.certificate()))
                .build();
    }

    private static ByteString der(java.security.cert.X509Certificate certificate) {
        try {
            return ByteString.copyFrom(certificate.getEncoded());
        } catch (java.security.cert.CertificateEncodingException e) {
            throw new AssertionError(e);
        }
    }

    /** Asks again until the answer is as expected: what is told comes when it comes. */
    private void awaitAnswer(Identity identity, String part) throws InterruptedException {
        List<String> others = new ArrayList<>();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (System.nanoTime() < deadline) {
            manager.request(identity, Priority.REAL_TIME, new CertificateListener() {
                @Override
                public void onCertificate(WorkloadCertificate certificate) {
                    told.add("ok " + certificate.identity());
                }

                @Override
                public void onFailure(String reason) {
                    told.add(reason);
                }
            });
            String answer = told.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            if (answer != null && answer.contains(part)) {
                return;
            }
            others.add(String.valueOf(answer));
            Thread.onSpinWait();
        }
        throw new AssertionError("never " + part + " but " + others.getLast());
    }

    @Test
    void usesWhatTheAgentTells() throws InterruptedException {
        awaitAnswer(A, "ok");

        WorkloadCertificate certificate = Objects.requireNonNull(manager.current(A));
        assertThat(certificate.chain()).hasSize(2);
        assertThat(certificate.roots()).hasSize(1);
        awaitAnswer(B, "tells no X.509-SVID of " + B);
    }

    @Test
    void followsRenewalsAndAdditionsAndStopsUsingWhatIsToldNoMore() throws InterruptedException {
        awaitAnswer(A, "ok");
        awaitAnswer(B, "tells no X.509-SVID");
        WorkloadCertificate first = manager.current(A);

        agent.tell(svid(A), svid(B));
        awaitAnswer(B, "ok");
        assertThat(manager.current(A)).isNotSameAs(first);

        agent.tell(svid(B));
        awaitAnswer(A, "does not tell it any more");
        assertThat(manager.current(B)).isNotNull();

        agent.refuse(Status.PERMISSION_DENIED.withDescription("no identity issued"));
        awaitAnswer(B, "tells this proxy no identity any more");
    }

    @Test
    void keepsWhatItHasWhileTheAgentIsAwayAndComesBackByItself() throws Exception {
        awaitAnswer(A, "ok");
        WorkloadCertificate first = manager.current(A);
        server.shutdownNow();
        assertThat(server.awaitTermination(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(manager.current(A)).isSameAs(first);

        agent.tell(svid(A), svid(B));
        serve();
        awaitAnswer(B, "ok");
    }

    @Test
    void passesOverWhatCannotBeUsedAndUsesTheRest() throws InterruptedException {
        X509SVID foreignKey = svid(B).toBuilder()
                .setX509SvidKey(
                        ByteString.copyFrom(TestAuthority.newKeys().getPrivate().getEncoded()))
                .build();
        X509SVID otherForm =
                svid(A).toBuilder().setSpiffeId("spiffe://td/host/1").build();
        X509SVID noKey = svid(new Identity("td", "ns", "c")).toBuilder()
                .clearX509SvidKey()
                .build();
        Identity last = new Identity("td", "ns", "d");
        agent.tell(foreignKey, otherForm, noKey, svid(last));

        awaitAnswer(last, "ok");
        awaitAnswer(B, "tells no X.509-SVID");
    }
}
