package io.culvert.xds.identity;

import com.google.protobuf.ByteString;
import io.culvert.proto.spiffe.SpiffeWorkloadAPIGrpc;
import io.culvert.proto.spiffe.X509SVID;
import io.culvert.proto.spiffe.X509SVIDRequest;
import io.culvert.proto.spiffe.X509SVIDResponse;
import io.culvert.xds.channel.ControlLoop;
import io.culvert.xds.channel.Failures;
import io.culvert.xds.channel.GrpcTransport;
import io.culvert.xds.channel.Token;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates from a SPIFFE agent, over its socket: one stream, on which the agent tells all identities that this
 * process may act for, and tells them anew whenever one changes (SPIFFE Workload API, sections 4 and 5.2.1). The agent
 * renews by itself; what it does not tell any more is withdrawn, all of it when it answers PermissionDenied. While it
 * is away, what it told stays in use until it expires.
 *
 * <p>A proxy acts for all workloads of its node: the agent's entries for them must select the proxy. Identities that
 * are not of Istio's form are passed over. Answers are read on the executor given; the rest happens on the control
 * loop.
 */
public final class WorkloadApiSource implements CertificateSource, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkloadApiSource.class);
    private static final Metadata.Key<String> HEADER =
            Metadata.Key.of("workload.spiffe.io", Metadata.ASCII_STRING_MARSHALLER);

    /** A stream that ended is opened again after this, doubling up to the bound, a fifth more or less. */
    private static final Duration RETRY_FIRST = Duration.ofMillis(500);

    private static final Duration RETRY_MAX = Duration.ofSeconds(30);
    private static final double JITTER = 0.2;

    private final Path socket;
    private final GrpcTransport grpc;
    private final ControlLoop control;
    private final Executor reader;
    private final RandomGenerator random;

    private @Nullable Updates updates;
    private Map<Identity, WorkloadCertificate> told = Map.of();
    /** Why there is nothing, while the agent has not told anything yet. */
    private Optional<String> unheard = Optional.of("no answer of the SPIFFE agent yet");

    private Duration retry = RETRY_FIRST;
    private @Nullable ManagedChannel channel;
    private Context.@Nullable CancellableContext stream;
    private boolean closed;

    public WorkloadApiSource(
            Path socket, GrpcTransport grpc, ControlLoop control, Executor reader, RandomGenerator random) {
        this.socket = socket;
        this.grpc = grpc;
        this.control = control;
        this.reader = reader;
        this.random = random;
    }

    @Override
    public void follow(Updates listener) {
        control.execute(() -> {
            updates = listener;
            connect();
        });
    }

    /** The newest that was told; one that is not there now comes by itself when the agent tells it. */
    @Override
    public void fetch(Identity identity, Sink sink) {
        control.execute(() -> {
            WorkloadCertificate known = told.get(identity);
            if (known != null) {
                sink.issued(known);
            } else if (unheard.isPresent()) {
                sink.unreachable(unheard.get());
            } else {
                sink.failed("the SPIFFE agent tells no X.509-SVID of " + identity
                        + ": is there an entry for it that selects this proxy?");
            }
        });
    }

    private void connect() {
        control.checkInLoop();
        if (closed) {
            return;
        }
        if (channel == null) {
            channel = grpc.openSocket(socket);
        }
        Metadata headers = new Metadata();
        headers.put(HEADER, "true");
        var stub = SpiffeWorkloadAPIGrpc.newStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
        var context = Context.current().withCancellation();
        stream = context;
        context.run(() -> stub.fetchX509SVID(X509SVIDRequest.getDefaultInstance(), new Answers()));
    }

    private void ended(Status status) {
        if (closed) {
            return;
        }
        String reason = "SPIFFE agent at " + socket + ": " + Failures.describe(status, new Token.None());
        if (status.getCode() == Status.Code.PERMISSION_DENIED) {
            unheard = Optional.empty();
            replace(Map.of(), "the SPIFFE agent tells this proxy no identity any more");
        } else if (told.isEmpty()) {
            unheard = Optional.of(reason);
        }
        double factor = 1 - JITTER + 2 * JITTER * random.nextDouble();
        Duration delay = Duration.ofMillis((long) (retry.toMillis() * factor));
        Duration doubled = retry.multipliedBy(2);
        retry = doubled.compareTo(RETRY_MAX) < 0 ? doubled : RETRY_MAX;
        LOG.warn("{}; trying again in {} ms", reason, delay.toMillis());
        control.schedule(delay, () -> {
            if (channel != null) {
                channel.resetConnectBackoff();
            }
            connect();
        });
    }

    /** Tells what is new and what is gone, in this order of answers, on the thread that may take its time. */
    private void replace(Map<Identity, WorkloadCertificate> now, String why) {
        Map<Identity, WorkloadCertificate> next = new HashMap<>();
        List<WorkloadCertificate> fresh = new ArrayList<>();
        now.forEach((identity, certificate) -> {
            WorkloadCertificate before = told.get(identity);
            boolean same = before != null
                    && before.chain().equals(certificate.chain())
                    && before.roots().equals(certificate.roots());
            next.put(identity, same ? before : certificate);
            if (!same) {
                fresh.add(certificate);
            }
        });
        Set<Identity> gone = new HashSet<>(told.keySet());
        gone.removeAll(now.keySet());
        told = next;
        Updates listener = updates;
        if (listener != null) {
            onReader(() -> {
                fresh.forEach(listener::renewed);
                gone.forEach(identity -> listener.withdrawn(identity, why));
            });
        }
    }

    private void onReader(Runnable task) {
        try {
            reader.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("shutting down");
        }
    }

    /** Nothing more is told; what was stays. From any thread. */
    @Override
    public void close() {
        control.execute(() -> {
            closed = true;
            if (stream != null) {
                var _ = stream.cancel(null);
            }
            if (channel != null) {
                channel.shutdownNow();
            }
        });
    }

    private final class Answers implements StreamObserver<X509SVIDResponse> {
        @Override
        public void onNext(X509SVIDResponse answer) {
            onReader(() -> {
                Map<Identity, WorkloadCertificate> read = read(answer);
                control.execute(() -> {
                    retry = RETRY_FIRST;
                    unheard = Optional.empty();
                    LOG.info("the SPIFFE agent tells {} identities", read.size());
                    replace(read, "the SPIFFE agent does not tell it any more");
                });
            });
        }

        @Override
        public void onError(Throwable failure) {
            ended(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            ended(Status.UNAVAILABLE.withDescription("it ended the stream"));
        }
    }

    /** Those of it that can be used; of two for one identity the first counts, as the specification has it. */
    private static Map<Identity, WorkloadCertificate> read(X509SVIDResponse answer) {
        Map<Identity, WorkloadCertificate> read = new HashMap<>();
        for (X509SVID svid : answer.getSvidsList()) {
            Optional<Identity> identity = Identity.parse(svid.getSpiffeId());
            if (identity.isEmpty()) {
                LOG.info("{} is not of the form spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT", svid.getSpiffeId());
                continue;
            }
            try {
                read.putIfAbsent(identity.get(), certificate(identity.get(), svid));
            } catch (CertificateRejected e) {
                LOG.warn("the X.509-SVID of {} cannot be used: {}", identity.get(), e.getMessage());
            }
        }
        return Map.copyOf(read);
    }

    private static WorkloadCertificate certificate(Identity identity, X509SVID svid) throws CertificateRejected {
        try {
            byte[] key = Pem.privateKey(svid.getX509SvidKey().toByteArray());
            WorkloadCertificate certificate = WorkloadCertificate.of(
                    identity, key, Pem.fromDer(der(svid.getX509Svid())), Pem.fromDer(der(svid.getBundle())));
            KeyMatch.check(key, certificate.chain().getFirst());
            return certificate;
        } catch (CertificateException e) {
            throw new CertificateRejected("failed to process string: " + e.getMessage(), e);
        }
    }

    private static byte[] der(ByteString bytes) {
        return bytes.toByteArray();
    }
}
