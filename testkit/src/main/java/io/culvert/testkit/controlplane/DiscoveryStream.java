package io.culvert.testkit.controlplane;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One proxy's stream, for both types. Runs on the control thread.
 *
 * <p>Answers to requests are sent at once; changes wait while the transport has more than it can take, and collapse: a
 * slow proxy costs one set of names, never a queue of responses.
 */
final class DiscoveryStream implements StreamObserver<DeltaDiscoveryRequest>, Outbox.Wire {
    private final DiscoveryService service;
    private final long number;
    private final ProxyAccount caller;
    private final ServerCallStreamObserver<Outgoing> out;
    private final Outbox outbox;
    private final Map<ResourceType, Subscription> subscriptions = new EnumMap<>(ResourceType.class);
    private boolean closed;
    /** Whether a request has been asked of the transport and has not come. */
    private boolean listening;

    DiscoveryStream(
            DiscoveryService service, long number, ProxyAccount caller, ServerCallStreamObserver<Outgoing> out) {
        this.service = service;
        this.number = number;
        this.caller = caller;
        this.out = out;
        this.outbox = new Outbox(service.faults(), service.thread(), this);
        out.disableAutoRequest();
        out.setOnReadyHandler(this::flush);
        out.setOnCancelHandler(() -> closed("cancelled by the proxy"));
        read();
    }

    /** Takes the next request off the wire when it comes, unless the server is deaf. */
    void read() {
        if (!closed && !listening && !service.isDeaf()) {
            listening = true;
            out.request(1);
        }
    }

    @Override
    public void onNext(DeltaDiscoveryRequest request) {
        listening = false;
        answer(request);
        read();
    }

    private void answer(DeltaDiscoveryRequest request) {
        service.log().append(new ControlPlaneEvent.Requested(number, request));
        Optional<ResourceType> type = ResourceType.of(request.getTypeUrl());
        if (type.isEmpty()) {
            close(Status.INVALID_ARGUMENT.withDescription("type " + request.getTypeUrl() + " is not served here"));
            return;
        }
        Subscription subscription = subscriptions.get(type.get());
        if (subscription == null) {
            first(type.get(), request);
        } else {
            next(type.get(), subscription, request);
        }
    }

    /** The first request of a type is always answered, even by nothing: the proxy's readiness waits for it. */
    private void first(ResourceType type, DeltaDiscoveryRequest request) {
        Subscription subscription = new Subscription(type, service.store(), caller.node(), request);
        subscriptions.put(type, subscription);
        send(type, subscription, subscription.whole());
    }

    private void next(ResourceType type, Subscription subscription, DeltaDiscoveryRequest request) {
        if (!request.getResponseNonce().isEmpty()) {
            acknowledged(type, request);
        }
        List<String> more = request.getResourceNamesSubscribeList();
        List<String> less = request.getResourceNamesUnsubscribeList();
        if (!more.isEmpty() || !less.isEmpty()) {
            Subscription.Answer answer = subscription.change(more, less);
            if (!answer.isEmpty()) {
                send(type, subscription, answer);
            }
        }
    }

    private void acknowledged(ResourceType type, DeltaDiscoveryRequest request) {
        String nonce = request.getResponseNonce();
        service.log()
                .append(
                        request.hasErrorDetail()
                                ? new ControlPlaneEvent.Nacked(
                                        number,
                                        type,
                                        nonce,
                                        request.getErrorDetail().getMessage())
                                : new ControlPlaneEvent.Acked(number, type, nonce));
    }

    private void send(ResourceType type, Subscription subscription, Subscription.Answer answer) {
        String nonce = service.nextNonce();
        DeltaDiscoveryResponse.Builder response = DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(type.url())
                .setNonce(nonce)
                .setSystemVersionInfo(service.systemVersion())
                .addAllRemovedResources(answer.removed());
        answer.resources().forEach(resource -> response.addResources(resource.wire(!subscription.wildcard())));
        outbox.send(type, response.build());
    }

    /** Onto the wire, unless the stream has ended meanwhile. */
    @Override
    public void send(Outgoing message) {
        if (closed) {
            return;
        }
        out.onNext(message);
        if (message instanceof Outgoing.Response(DeltaDiscoveryResponse sent)) {
            List<String> names =
                    sent.getResourcesList().stream().map(Resource::getName).toList();
            ResourceType.of(sent.getTypeUrl())
                    .ifPresent(type -> service.log()
                            .append(new ControlPlaneEvent.Sent(
                                    number, type, sent.getNonce(), names, sent.getRemovedResourcesList())));
        }
    }

    @Override
    public void end(Status status) {
        if (status.isOk()) {
            onCompleted();
        } else {
            close(status);
        }
    }

    @Override
    public void committing(DiscoveryFault fault, String nonce) {
        service.log().append(new ControlPlaneEvent.Faulted(number, fault, nonce));
    }

    void release() {
        outbox.release();
    }

    void changed(ResourceType type, Set<String> names) {
        Subscription subscription = subscriptions.get(type);
        if (subscription != null) {
            subscription.changed(names);
        }
    }

    void flush() {
        // Addresses before policies is the order of the first requests; either order is legal.
        for (Map.Entry<ResourceType, Subscription> entry : subscriptions.entrySet()) {
            if (closed || !out.isReady()) {
                return;
            }
            Subscription.Answer answer = entry.getValue().changes();
            if (!answer.isEmpty()) {
                send(entry.getKey(), entry.getValue(), answer);
            }
        }
    }

    /** Ends the stream from this side. */
    void close(Status status) {
        if (!closed) {
            closed("closed by the control plane: " + status.getCode());
            out.onError(status.asRuntimeException());
        }
    }

    @Override
    public void onError(Throwable failure) {
        closed(failure.toString());
    }

    @Override
    public void onCompleted() {
        if (!closed) {
            closed("completed");
            out.onCompleted();
        }
    }

    private void closed(String reason) {
        if (!closed) {
            closed = true;
            service.ended(this);
            service.log().append(new ControlPlaneEvent.StreamClosed(number, reason));
        }
    }
}
