package io.culvert.testkit.controlplane;

import com.google.protobuf.Value;
import io.culvert.proto.ca.IstioCertificateRequest;
import io.culvert.proto.ca.IstioCertificateResponse;
import io.culvert.proto.ca.IstioCertificateServiceGrpc;
import io.culvert.testkit.controlplane.CertificateFault.Shape;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Signs for workloads, on the word of their node's proxy, by istiod's rules (istio: security/pkg/server/ca/server.go,
 * node_auth.go): a proxy may ask for its own identity, and for one of which a pod exists on its node. Then come the
 * faults that are planned. Runs on the control thread.
 */
final class CertificateService extends IstioCertificateServiceGrpc.IstioCertificateServiceImplBase {
    static final String IMPERSONATION_REFUSED = "request impersonation authentication failure";
    private static final String IMPERSONATED = "ImpersonatedIdentity";
    /** What istiod gives to those who ask for none. */
    private static final Duration LIFETIME_DEFAULT = Duration.ofHours(24);

    private final Settings settings;
    private final Placement placement;
    private final EventLog log;
    private final ControlThread thread;
    private final FaultPlan<CertificateFault> faults = new FaultPlan<>();
    /** Answers that a fault keeps back. */
    private final List<Runnable> held = new ArrayList<>();

    CertificateService(Settings settings, Placement placement, EventLog log, ControlThread thread) {
        this.settings = settings;
        this.placement = placement;
        this.log = log;
        this.thread = thread;
        faults.onClear(() -> thread.later(Duration.ZERO, this::release));
    }

    /** What is the same for every request. */
    record Settings(CertificateAuthority authority, Clock clock, String trustDomain, Duration lifetimeMax) {}

    /** Which pods are where. */
    interface Placement {
        /** Whether a pod of this service account runs on this node. */
        boolean runs(String node, String namespace, String serviceAccount);
    }

    FaultPlan<CertificateFault> faults() {
        return faults;
    }

    private void release() {
        List<Runnable> all = List.copyOf(held);
        held.clear();
        all.forEach(Runnable::run);
    }

    @Override
    public void createCertificate(IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> out) {
        ProxyAccount caller = CallerCheck.CALLER.get();
        Value impersonated = request.getMetadata().getFieldsMap().get(IMPERSONATED);
        String identity = impersonated == null
                ? SpiffeId.text(settings.trustDomain(), caller.namespace(), caller.serviceAccount())
                : impersonated.getStringValue();
        var call = (ServerCallStreamObserver<IstioCertificateResponse>) out;
        // A caller that no longer waits is no error.
        call.setOnCancelHandler(() -> {});
        log.append(new ControlPlaneEvent.CertificateAsked(caller, identity));
        Answer answer = new Answer(call, request, caller, identity, CallerCheck.HEADERS.get());
        if (impersonated != null && !mayImpersonate(caller, identity)) {
            answer.refuse(Status.UNAUTHENTICATED.withDescription(IMPERSONATION_REFUSED));
            return;
        }
        answer.commit(faults.take(identity));
    }

    /** The trust domain is not compared, as istiod does not. */
    private boolean mayImpersonate(ProxyAccount caller, String identity) {
        return SpiffeId.parse(identity)
                .filter(id -> placement.runs(caller.node(), id.namespace(), id.serviceAccount())
                        || (id.namespace().equals(caller.namespace())
                                && id.serviceAccount().equals(caller.serviceAccount())))
                .isPresent();
    }

    /** One request on its way to its answer, right or wrong. */
    private final class Answer {
        private final ServerCallStreamObserver<IstioCertificateResponse> out;
        private final IstioCertificateRequest request;
        private final ProxyAccount caller;
        private final String identity;
        private final Map<String, String> headers;
        private Duration delay = Duration.ZERO;
        private boolean silent;
        private @Nullable Status refusal;
        private String signedIdentity;
        private boolean otherKey;
        private @Nullable Duration life;
        private Duration ahead = Duration.ZERO;
        private @Nullable Shape shape;

        Answer(
                ServerCallStreamObserver<IstioCertificateResponse> out,
                IstioCertificateRequest request,
                ProxyAccount caller,
                String identity,
                Map<String, String> headers) {
            this.out = out;
            this.request = request;
            this.caller = caller;
            this.identity = identity;
            this.signedIdentity = identity;
            this.headers = headers;
        }

        void commit(List<CertificateFault> planned) {
            planned.forEach(this::note);
            if (silent) {
                held.add(this::give);
            } else if (delay.isZero()) {
                give();
            } else {
                thread.later(delay, this::give);
            }
        }

        private void note(CertificateFault fault) {
            switch (fault) {
                case CertificateFault.Slow slow -> delay = slow.delay();
                case CertificateFault.Silent ignored -> silent = true;
                case CertificateFault.Refused refused -> refusal = refused.status();
                case CertificateFault.WrongSan wrong -> signedIdentity = wrong.identity();
                case CertificateFault.WrongKey ignored -> otherKey = true;
                case CertificateFault.Life planned -> life = planned.lifetime();
                case CertificateFault.Skewed skewed -> ahead = skewed.ahead();
                case CertificateFault.Malformed malformed -> shape = malformed.shape();
            }
        }

        private void give() {
            if (refusal != null) {
                refuse(refusal);
                return;
            }
            try {
                PublicKey asked = SigningRequest.parse(request.getCsr()).key();
                PublicKey key = otherKey ? Signer.newKey().getPublic() : asked;
                Instant now = settings.clock().instant().plus(ahead);
                Signer.Validity validity = Signer.Validity.of(now, lifetime());
                answer(settings.authority().issue(key, signedIdentity, validity));
            } catch (SigningRequest.InvalidRequestException e) {
                refuse(Status.INVALID_ARGUMENT.withDescription("CSR signing error (" + e.getMessage() + ")"));
            }
        }

        private Duration lifetime() {
            if (life != null) {
                return life;
            }
            long seconds = request.getValidityDuration();
            Duration asked = seconds <= 0 ? LIFETIME_DEFAULT : Duration.ofSeconds(seconds);
            return asked.compareTo(settings.lifetimeMax()) < 0 ? asked : settings.lifetimeMax();
        }

        private void answer(List<X509Certificate> chain) {
            log.append(new ControlPlaneEvent.CertificateIssued(
                    caller, identity, chain.getFirst().getNotAfter().toInstant(), headers));
            out.onNext(IstioCertificateResponse.newBuilder()
                    .addAllCertChain(wire(chain))
                    .build());
            out.onCompleted();
        }

        /** Leaf and intermediates one per string, and last the whole root bundle. */
        private List<String> wire(List<X509Certificate> chain) {
            List<String> wire = new ArrayList<>();
            chain.forEach(certificate -> wire.add(Pem.of(certificate)));
            wire.add(settings.authority().rootPem());
            return switch (shape) {
                case null -> wire;
                case EMPTY -> List.of();
                case LEAF_ALONE -> wire.subList(0, 1);
                case GARBAGE -> {
                    wire.set(0, "not a certificate");
                    yield wire;
                }
                case FOREIGN_ROOT -> {
                    wire.set(
                            wire.size() - 1,
                            CertificateAuthority.create(settings.clock(), false).rootPem());
                    yield wire;
                }
            };
        }

        void refuse(Status status) {
            log.append(new ControlPlaneEvent.CertificateRefused(identity, String.valueOf(status.getDescription())));
            out.onError(status.asRuntimeException());
        }
    }
}
