package io.culvert.testkit.controlplane;

import io.culvert.proto.discovery.AggregatedDiscoveryServiceGrpc;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Delta ADS over the store. Runs on the control thread. */
final class DiscoveryService implements BindableService {
    private final ResourceStore store;
    private final EventLog log;
    private final ControlThread thread;
    private final FaultPlan<DiscoveryFault> faults = new FaultPlan<>();
    private final Set<DiscoveryStream> streams = new LinkedHashSet<>();
    private long streamsOpened;
    private long noncesUsed;
    private long version = 1;

    private boolean deaf;

    DiscoveryService(ResourceStore store, EventLog log, ControlThread thread) {
        this.store = store;
        this.log = log;
        this.thread = thread;
        faults.onClear(
                () -> thread.later(Duration.ZERO, () -> List.copyOf(streams).forEach(DiscoveryStream::release)));
    }

    /** Bound by hand, so that what goes out need not be a message. */
    @Override
    public ServerServiceDefinition bindService() {
        var standard = AggregatedDiscoveryServiceGrpc.getDeltaAggregatedResourcesMethod();
        MethodDescriptor<DeltaDiscoveryRequest, Outgoing> method = standard.toBuilder(
                        standard.getRequestMarshaller(), Outgoing.MARSHALLER)
                .build();
        return ServerServiceDefinition.builder(AggregatedDiscoveryServiceGrpc.SERVICE_NAME)
                .addMethod(method, ServerCalls.asyncBidiStreamingCall(this::open))
                .build();
    }

    private StreamObserver<DeltaDiscoveryRequest> open(StreamObserver<Outgoing> out) {
        ProxyAccount caller = CallerCheck.CALLER.get();
        DiscoveryStream stream =
                new DiscoveryStream(this, ++streamsOpened, caller, (ServerCallStreamObserver<Outgoing>) out);
        streams.add(stream);
        log.append(new ControlPlaneEvent.StreamOpened(streamsOpened, caller, CallerCheck.HEADERS.get()));
        return stream;
    }

    /** Tells every stream what changed in the store since the last push. */
    void push() {
        boolean any = false;
        for (ResourceType type : ResourceType.values()) {
            Set<String> names = store.takeChanged(type);
            any |= !names.isEmpty();
            streams.forEach(stream -> stream.changed(type, names));
        }
        if (any) {
            version++;
            List.copyOf(streams).forEach(DiscoveryStream::flush);
        }
    }

    FaultPlan<DiscoveryFault> faults() {
        return faults;
    }

    /** Whether requests are left unread: a stream that is open in one direction alone. */
    void deaf(boolean value) {
        deaf = value;
        List.copyOf(streams).forEach(DiscoveryStream::read);
    }

    boolean isDeaf() {
        return deaf;
    }

    ControlThread thread() {
        return thread;
    }

    void closeStreams(Status status) {
        List.copyOf(streams).forEach(stream -> stream.close(status));
    }

    void ended(DiscoveryStream stream) {
        streams.remove(stream);
    }

    int streams() {
        return streams.size();
    }

    ResourceStore store() {
        return store;
    }

    EventLog log() {
        return log;
    }

    String systemVersion() {
        return Long.toString(version);
    }

    String nextNonce() {
        return version + "/" + ++noncesUsed;
    }
}
