package io.culvert.testkit.controlplane;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Something that a proxy did, or that was done to it, in the order in which the control plane saw it. */
public sealed interface ControlPlaneEvent {
    /** A discovery stream began; streams are numbered from 1. */
    record StreamOpened(long stream, ProxyAccount caller, Map<String, String> headers) implements ControlPlaneEvent {}

    /** A discovery request arrived, as it was. */
    record Requested(long stream, DeltaDiscoveryRequest request) implements ControlPlaneEvent {}

    /** A response was sent. */
    record Sent(long stream, ResourceType type, String nonce, List<String> names, List<String> removed)
            implements ControlPlaneEvent {}

    /** Something planned goes wrong with the response of this nonce. */
    record Faulted(long stream, DiscoveryFault fault, String nonce) implements ControlPlaneEvent {}

    /** The proxy accepted the response of this nonce. */
    record Acked(long stream, ResourceType type, String nonce) implements ControlPlaneEvent {}

    /** The proxy rejected at least a part of the response of this nonce. */
    record Nacked(long stream, ResourceType type, String nonce, String message) implements ControlPlaneEvent {}

    /** A discovery stream ended, by whichever side. */
    record StreamClosed(long stream, String reason) implements ControlPlaneEvent {}

    /** A certificate was asked for, by one who may ask at all; it is signed, refused or kept back. */
    record CertificateAsked(ProxyAccount caller, String identity) implements ControlPlaneEvent {}

    /** A certificate was signed. */
    record CertificateIssued(ProxyAccount caller, String identity, Instant notAfter, Map<String, String> headers)
            implements ControlPlaneEvent {}

    /** A certificate was not signed. */
    record CertificateRefused(String identity, String reason) implements ControlPlaneEvent {}

    /** A call came without a token that is known. */
    record CallerRefused(String method, Map<String, String> headers) implements ControlPlaneEvent {}
}
