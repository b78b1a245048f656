package io.culvert.testkit.controlplane;

import com.google.protobuf.Value;
import io.culvert.proto.ca.IstioCertificateRequest;
import io.culvert.proto.ca.IstioCertificateResponse;
import io.culvert.proto.ca.IstioCertificateServiceGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;

/**
 * Signs for workloads, on the word of their node's proxy, by istiod's rules (istio: security/pkg/server/ca/server.go,
 * node_auth.go): a proxy may ask for its own identity, and for one of which a pod exists on its node. Runs on the
 * control thread.
 */
final class CertificateService extends IstioCertificateServiceGrpc.IstioCertificateServiceImplBase {
    static final String IMPERSONATION_REFUSED = "request impersonation authentication failure";
    private static final String IMPERSONATED = "ImpersonatedIdentity";
    /** What istiod gives to those who ask for none. */
    private static final Duration LIFETIME_DEFAULT = Duration.ofHours(24);

    private final CertificateAuthority authority;
    private final Placement placement;
    private final EventLog log;
    private final String trustDomain;
    private final Duration lifetimeMax;

    CertificateService(
            CertificateAuthority authority,
            Placement placement,
            EventLog log,
            String trustDomain,
            Duration lifetimeMax) {
        this.authority = authority;
        this.placement = placement;
        this.log = log;
        this.trustDomain = trustDomain;
        this.lifetimeMax = lifetimeMax;
    }

    /** Which pods are where. */
    interface Placement {
        /** Whether a pod of this service account runs on this node. */
        boolean runs(String node, String namespace, String serviceAccount);
    }

    @Override
    public void createCertificate(IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> out) {
        ProxyAccount caller = CallerCheck.CALLER.get();
        Value impersonated = request.getMetadata().getFieldsMap().get(IMPERSONATED);
        String identity = impersonated == null
                ? SpiffeId.text(trustDomain, caller.namespace(), caller.serviceAccount())
                : impersonated.getStringValue();
        if (impersonated != null && !mayImpersonate(caller, identity)) {
            refuse(out, identity, Status.UNAUTHENTICATED.withDescription(IMPERSONATION_REFUSED));
            return;
        }
        try {
            SigningRequest signing = SigningRequest.parse(request.getCsr());
            answer(out, caller, identity, authority.issue(signing.key(), identity, lifetime(request)));
        } catch (SigningRequest.InvalidRequestException e) {
            refuse(
                    out,
                    identity,
                    Status.INVALID_ARGUMENT.withDescription("CSR signing error (" + e.getMessage() + ")"));
        }
    }

    /** The trust domain is not compared, as istiod does not. */
    private boolean mayImpersonate(ProxyAccount caller, String identity) {
        return SpiffeId.parse(identity)
                .filter(id -> placement.runs(caller.node(), id.namespace(), id.serviceAccount())
                        || (id.namespace().equals(caller.namespace())
                                && id.serviceAccount().equals(caller.serviceAccount())))
                .isPresent();
    }

    private Duration lifetime(IstioCertificateRequest request) {
        long seconds = request.getValidityDuration();
        Duration asked = seconds <= 0 ? LIFETIME_DEFAULT : Duration.ofSeconds(seconds);
        return asked.compareTo(lifetimeMax) < 0 ? asked : lifetimeMax;
    }

    /** Leaf and intermediates one per string, and last the whole root bundle. */
    private void answer(
            StreamObserver<IstioCertificateResponse> out,
            ProxyAccount caller,
            String identity,
            List<X509Certificate> chain) {
        IstioCertificateResponse.Builder response = IstioCertificateResponse.newBuilder();
        chain.forEach(certificate -> response.addCertChain(Pem.of(certificate)));
        response.addCertChain(authority.rootPem());
        log.append(new ControlPlaneEvent.CertificateIssued(
                caller, identity, chain.getFirst().getNotAfter().toInstant(), CallerCheck.HEADERS.get()));
        out.onNext(response.build());
        out.onCompleted();
    }

    private void refuse(StreamObserver<IstioCertificateResponse> out, String identity, Status status) {
        log.append(new ControlPlaneEvent.CertificateRefused(identity, String.valueOf(status.getDescription())));
        out.onError(status.asRuntimeException());
    }
}
