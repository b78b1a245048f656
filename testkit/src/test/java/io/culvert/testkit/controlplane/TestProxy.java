package io.culvert.testkit.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.culvert.proto.ca.IstioCertificateRequest;
import io.culvert.proto.ca.IstioCertificateServiceGrpc;
import io.culvert.proto.discovery.AggregatedDiscoveryServiceGrpc;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.discovery.Status;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A proxy's control-plane side by the generated stubs: real gRPC over real TLS. */
public final class TestProxy implements AutoCloseable {
    private static final int LIMIT_SECONDS = 10;

    private final ManagedChannel channel;
    private final io.grpc.Channel calls;

    private TestProxy(ManagedChannel channel, io.grpc.Channel calls) {
        this.channel = channel;
        this.calls = calls;
    }

    static TestProxy connect(ControlPlane server, String token) throws IOException {
        return connect(server, token, "localhost");
    }

    /** @param name what the server's certificate must be valid for */
    static TestProxy connect(ControlPlane server, String token, String name) throws IOException {
        return connect(server.address(), server.authority().rootPem(), token, name);
    }

    public static TestProxy connect(InetSocketAddress address, String rootPem, String token, String name)
            throws IOException {
        byte[] root = rootPem.getBytes(StandardCharsets.UTF_8);
        ManagedChannel channel = NettyChannelBuilder.forAddress(address)
                .overrideAuthority(name)
                .sslContext(GrpcSslContexts.forClient()
                        .trustManager(new ByteArrayInputStream(root))
                        .build())
                .build();
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        headers.put(Metadata.Key.of("clusterid", Metadata.ASCII_STRING_MARSHALLER), "Kubernetes");
        return new TestProxy(
                channel, ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)));
    }

    List<String> certificate(String csr, String identity, long seconds) {
        IstioCertificateRequest.Builder request =
                IstioCertificateRequest.newBuilder().setCsr(csr).setValidityDuration(seconds);
        if (!identity.isEmpty()) {
            request.setMetadata(Struct.newBuilder()
                    .putFields(
                            "ImpersonatedIdentity",
                            Value.newBuilder().setStringValue(identity).build()));
        }
        return IstioCertificateServiceGrpc.newBlockingStub(calls)
                .withDeadlineAfter(LIMIT_SECONDS, TimeUnit.SECONDS)
                .createCertificate(request.build())
                .getCertChainList();
    }

    public Stream open() {
        return new Stream(AggregatedDiscoveryServiceGrpc.newStub(calls));
    }

    @Override
    public void close() {
        channel.shutdownNow();
        try {
            assertThat(channel.awaitTermination(LIMIT_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One discovery stream. */
    public static final class Stream implements StreamObserver<DeltaDiscoveryResponse> {
        private final BlockingQueue<DeltaDiscoveryResponse> responses = new LinkedBlockingQueue<>();
        private final CompletableFuture<io.grpc.Status> end = new CompletableFuture<>();
        private final StreamObserver<DeltaDiscoveryRequest> requests;

        private Stream(AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceStub stub) {
            requests = stub.deltaAggregatedResources(this);
        }

        public void send(DeltaDiscoveryRequest.Builder request) {
            requests.onNext(request.build());
        }

        void ack(DeltaDiscoveryResponse response) {
            send(DeltaDiscoveryRequest.newBuilder()
                    .setTypeUrl(response.getTypeUrl())
                    .setResponseNonce(response.getNonce()));
        }

        void nack(DeltaDiscoveryResponse response, String reason) {
            send(DeltaDiscoveryRequest.newBuilder()
                    .setTypeUrl(response.getTypeUrl())
                    .setResponseNonce(response.getNonce())
                    .setErrorDetail(Status.newBuilder().setMessage(reason)));
        }

        public DeltaDiscoveryResponse receive() throws InterruptedException {
            DeltaDiscoveryResponse response = responses.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            assertThat(response).as("a response; the stream ended with %s", end).isNotNull();
            return response;
        }

        boolean received() {
            return !responses.isEmpty();
        }

        io.grpc.Status end() throws Exception {
            return end.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        }

        void complete() {
            requests.onCompleted();
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            responses.add(response);
        }

        @Override
        public void onError(Throwable failure) {
            end.complete(io.grpc.Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            end.complete(io.grpc.Status.OK);
        }
    }

    public static List<String> names(DeltaDiscoveryResponse response) {
        return response.getResourcesList().stream().map(Resource::getName).toList();
    }
}
