package io.culvert.testkit.controlplane;

import io.culvert.testkit.listen.Listening;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Says how a control plane is to run. Used by one thread. */
public final class ControlPlaneBuilder {
    /** The longest that istiod signs for. */
    private static final Duration LIFETIME_MAX = Duration.ofDays(90);

    private Listening listening = Listening.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    private final List<String> names = new ArrayList<>(List.of("localhost", "istiod.istio-system.svc"));
    private final List<InetAddress> addresses =
            new ArrayList<>(List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1")));
    private String trustDomain = "cluster.local";
    private Duration certificateLifetimeMax = LIFETIME_MAX;
    private Clock clock = Clock.systemUTC();
    private boolean intermediate;
    private @Nullable CertificateAuthority authority;
    private ProxyTokens tokens = new ProxyTokens();

    ControlPlaneBuilder() {}

    public ControlPlaneBuilder listening(Listening value) {
        listening = value;
        InetAddress address = value.address().getAddress();
        return address.isAnyLocalAddress() ? this : reachedBy(address);
    }

    /** One more DNS name that its certificate is valid for. */
    public ControlPlaneBuilder reachedBy(String name) {
        names.add(name);
        return this;
    }

    /** One more address that its certificate is valid for; loopback and the one it listens on are already. */
    public ControlPlaneBuilder reachedBy(InetAddress address) {
        addresses.add(address);
        return this;
    }

    public ControlPlaneBuilder trustDomain(String value) {
        trustDomain = value;
        return this;
    }

    /** Requests for a longer life are cut down to this. */
    public ControlPlaneBuilder certificateLifetimeMax(Duration value) {
        certificateLifetimeMax = value;
        return this;
    }

    public ControlPlaneBuilder clock(Clock value) {
        clock = value;
        return this;
    }

    /** Whether workloads' certificates are signed by an intermediate. */
    public ControlPlaneBuilder intermediate(boolean value) {
        intermediate = value;
        return this;
    }

    /** The authority of an earlier control plane, whose place this one takes. */
    public ControlPlaneBuilder authority(CertificateAuthority value) {
        authority = value;
        return this;
    }

    /** The tokens of an earlier control plane, whose place this one takes. */
    public ControlPlaneBuilder tokens(ProxyTokens value) {
        tokens = value;
        return this;
    }

    public ControlPlane start() throws IOException {
        return ControlPlane.start(this);
    }

    Listening listening() {
        return listening;
    }

    CertificateAuthority authority() {
        if (authority == null) {
            authority = CertificateAuthority.create(clock, intermediate);
        }
        return authority;
    }

    ServerIdentity serverIdentity() {
        return new ServerIdentity(authority(), clock, names, addresses);
    }

    CertificateService.Settings certificates() {
        return new CertificateService.Settings(authority(), clock, trustDomain, certificateLifetimeMax);
    }

    ProxyTokens tokens() {
        return tokens;
    }
}
