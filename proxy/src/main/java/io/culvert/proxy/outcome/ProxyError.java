package io.culvert.proxy.outcome;

import io.culvert.proxy.address.IpPort;

/**
 * Every expected way for a connection to fail: one record per cause, grouped by where it arises. What a cause is called
 * outside is not decided here but in {@link OutcomeTable}.
 */
public sealed interface ProxyError {

    /** Sockets and bytes. */
    sealed interface Transport extends ProxyError {}

    /** A listener could not be bound. */
    record BindFailed(String address, IoCause cause) implements Transport {}

    /**
     * A socket failed for a reason without a better name here. Also a TLS handshake that broke on the outbound side.
     */
    record IoFailed(IoCause cause) implements Transport {}

    /** The upstream dial of the inbound side failed: the application refused, or is not there. */
    record DialFailed(IoCause cause) implements Transport {}

    /** A dial towards somebody's port 15008 ran into the connect timeout. */
    record TunnelDialTimedOut(IoCause cause) implements Transport {}

    /** A half-close could not be told. */
    record HalfCloseFailed(IoCause cause) implements Transport {}

    /** The upstream end took no more bytes. */
    record DestinationDisconnected() implements Transport {}

    /** The downstream end took no more bytes. */
    record ClientDisconnected() implements Transport {}

    /** Copying broke; {@code cause} is any other error, told with the direction in which it happened. */
    record CopyFailed(Half half, ProxyError cause) implements Transport {}

    /** A direction of copying. */
    enum Half {
        /** Downstream to upstream. */
        SEND,
        /** Upstream to downstream. */
        RECEIVE
    }

    /** TLS, certificates and HTTP/2 of the tunnel. */
    sealed interface Tunnel extends ProxyError {}

    /** The inbound handshake failed; nobody was let in. */
    record TlsHandshakeFailed(String cause) implements Tunnel {}

    /** TLS could not be set up at all. */
    record TlsFailed(String cause) implements Tunnel {}

    /** No certificate for the local workload. */
    record IdentityFailed(String cause) implements Tunnel {}

    /** A certificate of this connection was revoked while it ran. */
    record CertificateRevoked() implements Tunnel {}

    record Http2HandshakeFailed(String cause) implements Tunnel {}

    record Http2Failed(String cause) implements Tunnel {}

    /** Our CONNECT was answered by something else than 200. */
    record ConnectAnswered(int status) implements Tunnel {}

    /** A stream was asked for after the pool's end. */
    record PoolDraining() implements Tunnel {}

    /** What an inbound CONNECT got wrong. */
    sealed interface Request extends ProxyError {}

    record MethodNotConnect(String method) implements Request {}

    record NoAuthority(String authority) implements Request {}

    record NoAuthorityPort(String authority) implements Request {}

    /** The authority names an address that this pod does not answer for. */
    record IpMismatch(String local, String authority) implements Request {}

    /** No way from here to there. */
    sealed interface Routing extends ProxyError {}

    /**
     * The pod's own workload did not arrive from the control plane within the wait; {@code info} is
     * "namespace/name/account".
     */
    record UnknownLocalWorkload(String info) implements Routing {}

    /** XDS_ON_DEMAND: the control plane did not say within the wait what is behind "network/address". */
    record AddressUnanswered(String key) implements Routing {}

    record UnknownWaypoint(String reference) implements Routing {}

    record UnknownNetworkGateway(String reference) implements Routing {}

    record UnknownHostname(String hostname) implements Routing {}

    record NoHealthyUpstream(IpPort target) implements Routing {}

    record NoEndpoints(String workload) implements Routing {}

    record NoTargetPort(String workload) implements Routing {}

    record NoRoutingDestination(String workload) implements Routing {}

    /** Nobody knows the name of a workload that has no address. */
    record NoAddressResolved(String workload) implements Routing {}

    /** The name of a workload was answered, with records that are no addresses. */
    record EmptyResolution(String workload) implements Routing {}

    record HostnamePortUnresolved(String hostname, int port) implements Routing {}

    record HostnameHasNoAddress(String hostname) implements Routing {}

    record NoServiceForTarget(IpPort target) implements Routing {}

    record NoGatewayAddress(String reference) implements Routing {}

    /** The destination is one of the proxy's own ports. */
    record SelfCall() implements Routing {}

    record UnsupportedFeature(String feature) implements Routing {}

    /** Decisions about the connection, by policy or by life cycle. */
    sealed interface Decision extends ProxyError {}

    record PolicyRejected(RejectReason reason) implements Decision {}

    /** A policy that came later closed a connection that had been admitted. */
    record PolicyChanged() implements Decision {}

    /** The drain deadline passed with the connection still open. */
    record DrainTimedOut() implements Decision {}

    /** The proxy, or the pod, went away under the connection. */
    record Drained() implements Decision {}

    /** The registry of connections would not take it. */
    record TrackingFailed() implements Decision {}
}
