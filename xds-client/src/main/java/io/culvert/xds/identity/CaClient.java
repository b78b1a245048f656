package io.culvert.xds.identity;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.culvert.proto.ca.IstioCertificateRequest;
import io.culvert.proto.ca.IstioCertificateResponse;
import io.culvert.proto.ca.IstioCertificateServiceGrpc;
import io.culvert.xds.channel.ControlLoop;
import io.culvert.xds.channel.Failures;
import io.culvert.xds.channel.GrpcTransport;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Istio's certificate authority over gRPC (ztunnel identity/caclient.rs). Keys and requests are made and answers are
 * read on the executor given, calls are made on the control loop. The channel stays open between calls; it is replaced
 * when the roots' file has other content, and if that cannot be used, the old one stays and the next call tries again.
 */
public final class CaClient implements CertificateSource, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CaClient.class);
    private static final String IMPERSONATED = "ImpersonatedIdentity";
    /** An authority that does not answer must not hold one of eight places for ever. */
    private static final int CALL_SECONDS_MAX = 30;
    /** How often a broken channel is made to try again before its own delay, which grows to minutes, is over. */
    private static final Duration RECONNECT_PAUSE = Duration.ofSeconds(1);

    private final CaConfig config;
    private final GrpcTransport grpc;
    private final ControlLoop control;
    private final Executor keyMaker;

    private @Nullable ManagedChannel channel;
    private Optional<String> channelRoots = Optional.empty();
    private Instant lastReconnect = Instant.MIN;

    /**
     * Connects with the first request.
     *
     * @param keyMaker makes keys and signs requests, and reads the answers: some milliseconds each
     */
    public CaClient(CaConfig config, GrpcTransport grpc, ControlLoop control, Executor keyMaker) {
        this.config = config;
        this.grpc = grpc;
        this.control = control;
        this.keyMaker = keyMaker;
    }

    @Override
    public void fetch(Identity identity, Sink sink) {
        keyMaker.execute(() -> {
            try {
                SigningRequest request = SigningRequest.create(identity);
                control.execute(() -> call(identity, request.pem(), request.keys(), sink));
            } catch (GeneralSecurityException | RuntimeException e) {
                sink.failed("failed to create CSR: " + e.getMessage());
            }
        });
    }

    private void call(Identity identity, String csr, KeyPair keys, Sink sink) {
        Metadata headers;
        ManagedChannel open;
        try {
            headers = GrpcTransport.headers(config.endpoint());
            open = channel();
        } catch (IOException e) {
            sink.unreachable(String.valueOf(e.getMessage()));
            return;
        }
        reconnect(open);
        var request = IstioCertificateRequest.newBuilder()
                .setCsr(csr)
                .setValidityDuration(config.lifetime().toSeconds());
        if (config.impersonate()) {
            Value name = Value.newBuilder().setStringValue(identity.toString()).build();
            request.setMetadata(Struct.newBuilder().putFields(IMPERSONATED, name));
        }
        IstioCertificateServiceGrpc.newStub(open)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .withDeadlineAfter(CALL_SECONDS_MAX, TimeUnit.SECONDS)
                .createCertificate(request.build(), new Answer(identity, keys, sink));
    }

    /** An identity whose turn it is means to reach the authority, not to hear when the channel tried last. */
    private void reconnect(ManagedChannel open) {
        Instant now = control.instant();
        boolean paused = now.isBefore(lastReconnect.plus(RECONNECT_PAUSE)) && !now.isBefore(lastReconnect);
        if (!paused && open.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
            lastReconnect = now;
            open.resetConnectBackoff();
        }
    }

    private ManagedChannel channel() throws IOException {
        ManagedChannel present = channel;
        if (present == null) {
            Optional<String> roots = config.endpoint().roots().read();
            return replace(null, roots, grpc.open(config.endpoint(), roots));
        }
        try {
            Optional<String> roots = config.endpoint().roots().read();
            return roots.equals(channelRoots) ? present : replace(present, roots, grpc.open(config.endpoint(), roots));
        } catch (IOException e) {
            LOG.warn("keeping the former root certificates of the CA: {}", e.getMessage());
            return present;
        }
    }

    private ManagedChannel replace(@Nullable ManagedChannel old, Optional<String> roots, ManagedChannel replacement) {
        if (old != null) {
            old.shutdown();
        }
        channel = replacement;
        channelRoots = roots;
        return replacement;
    }

    /** Calls under way fail. From any thread. */
    @Override
    public void close() {
        control.execute(() -> {
            if (channel != null) {
                channel.shutdownNow();
            }
        });
    }

    private final class Answer implements StreamObserver<IstioCertificateResponse> {
        private final Identity identity;
        private final KeyPair keys;
        private final Sink sink;
        private @Nullable IstioCertificateResponse response;

        Answer(Identity identity, KeyPair keys, Sink sink) {
            this.identity = identity;
            this.keys = keys;
            this.sink = sink;
        }

        @Override
        public void onNext(IstioCertificateResponse answer) {
            response = answer;
        }

        @Override
        public void onError(Throwable failure) {
            Status status = Status.fromThrowable(failure);
            String reason = "signing gRPC error (" + status.getCode() + "): "
                    + Failures.detail(status, config.endpoint().token());
            if (status.getCode() == Status.Code.UNAVAILABLE || status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
                sink.unreachable(reason);
            } else {
                sink.failed(reason);
            }
        }

        @Override
        public void onCompleted() {
            IstioCertificateResponse answer = response;
            if (answer == null) {
                sink.failed("chain returned from CA is empty for: " + identity);
                return;
            }
            try {
                keyMaker.execute(() -> read(answer));
            } catch (RejectedExecutionException e) {
                sink.failed("shutting down");
            }
        }

        private void read(IstioCertificateResponse answer) {
            try {
                byte[] key = Pem.privateKey(keys.getPrivate());
                var issued = WorkloadCertificate.fromPem(identity, key, answer.getCertChainList());
                if (!issued.chain().getFirst().getPublicKey().equals(keys.getPublic())) {
                    throw new CertificateRejected("certificate returned from CA is for another key: " + identity);
                }
                sink.issued(issued);
            } catch (CertificateRejected e) {
                sink.failed(String.valueOf(e.getMessage()));
            } catch (RuntimeException bug) {
                sink.failed("the answer of the CA could not be read: " + bug);
            }
        }
    }
}
