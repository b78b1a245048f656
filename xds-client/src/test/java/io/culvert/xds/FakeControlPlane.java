package io.culvert.xds;

import io.culvert.proto.ca.IstioCertificateRequest;
import io.culvert.proto.ca.IstioCertificateResponse;
import io.culvert.proto.ca.IstioCertificateServiceGrpc;
import io.culvert.proto.discovery.AggregatedDiscoveryServiceGrpc;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.xds.channel.ControlPlaneEndpoint;
import io.culvert.xds.channel.RootCertificates;
import io.culvert.xds.channel.TestAuthority;
import io.culvert.xds.channel.Token;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** ADS and CA on loopback, over TLS, in the test's hands. */
final class FakeControlPlane implements AutoCloseable {
    private static final Context.Key<Metadata> HEADERS = Context.key("headers");
    private static final int PATIENCE_SECONDS = 20;

    final TestAuthority authority;
    final BlockingQueue<Stream> streams = new LinkedBlockingQueue<>();
    final BlockingQueue<IstioCertificateRequest> certificateRequests = new LinkedBlockingQueue<>();
    final BlockingQueue<Metadata> certificateHeaders = new LinkedBlockingQueue<>();
    volatile Function<IstioCertificateRequest, IstioCertificateResponse> certificates =
            request -> IstioCertificateResponse.getDefaultInstance();

    private final Server server;
    private final int port;

    FakeControlPlane() throws IOException {
        this(TestAuthority.root("control plane"), "localhost", 0);
    }

    FakeControlPlane(TestAuthority authority, String certifiedName, int port) throws IOException {
        this.authority = authority;
        KeyPair keys = TestAuthority.newKeys();
        Instant now = Instant.now();
        String leaf = TestAuthority.pem(authority.sign(
                keys.getPublic(), now.minusSeconds(60), now.plusSeconds(3600), TestAuthority.dns(certifiedName)));
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .sslContext(GrpcSslContexts.forServer(stream(leaf), stream(TestAuthority.pem(keys.getPrivate())))
                        .build())
                .intercept(new Headers())
                .addService(new Ads())
                .addService(new Ca())
                .build()
                .start();
        this.port = server.getPort();
    }

    private static ByteArrayInputStream stream(String pem) {
        return new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
    }

    int port() {
        return port;
    }

    /** This server, trusted, with a token. */
    ControlPlaneEndpoint endpoint() {
        return ControlPlaneEndpoint.of(
                "https://localhost:" + port(),
                new RootCertificates.Inline(authority.pem()),
                new Token.Literal("the-token"),
                "Kubernetes");
    }

    Stream nextStream() throws InterruptedException {
        return await(streams);
    }

    static <T> T await(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("nothing came within " + PATIENCE_SECONDS + " s");
        }
        return next;
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    /** One ADS stream, seen from the server. */
    static final class Stream {
        final Metadata headers;
        final BlockingQueue<DeltaDiscoveryRequest> requests = new LinkedBlockingQueue<>();
        private final StreamObserver<DeltaDiscoveryResponse> responses;

        Stream(Metadata headers, StreamObserver<DeltaDiscoveryResponse> responses) {
            this.headers = headers;
            this.responses = responses;
        }

        private final CountDownLatch ended = new CountDownLatch(1);

        /** Whether the client ended it. */
        boolean awaitEnd() throws InterruptedException {
            return ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }

        DeltaDiscoveryRequest nextRequest() throws InterruptedException {
            return await(requests);
        }

        String header(String name) {
            return String.valueOf(headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)));
        }

        void send(DeltaDiscoveryResponse response) {
            responses.onNext(response);
        }

        void complete() {
            responses.onCompleted();
        }

        void fail(Status status) {
            responses.onError(status.asRuntimeException());
        }
    }

    private static final class Headers implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            return Contexts.interceptCall(Context.current().withValue(HEADERS, headers), call, headers, next);
        }
    }

    private final class Ads extends AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase {
        @Override
        public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
                StreamObserver<DeltaDiscoveryResponse> responses) {
            Stream stream = new Stream(HEADERS.get(), responses);
            streams.add(stream);
            return new StreamObserver<>() {
                @Override
                public void onNext(DeltaDiscoveryRequest request) {
                    stream.requests.add(request);
                }

                @Override
                public void onError(Throwable failure) {
                    stream.ended.countDown();
                }

                @Override
                public void onCompleted() {
                    stream.ended.countDown();
                }
            };
        }
    }

    private final class Ca extends IstioCertificateServiceGrpc.IstioCertificateServiceImplBase {
        @Override
        public void createCertificate(
                IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> response) {
            certificateRequests.add(request);
            certificateHeaders.add(HEADERS.get());
            try {
                response.onNext(certificates.apply(request));
                response.onCompleted();
            } catch (RuntimeException e) {
                response.onError(e);
            }
        }
    }
}
