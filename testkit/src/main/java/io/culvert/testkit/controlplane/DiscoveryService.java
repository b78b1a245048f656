package io.culvert.testkit.controlplane;

import io.culvert.proto.discovery.AggregatedDiscoveryServiceGrpc;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Delta ADS over the store. Runs on the control thread. */
final class DiscoveryService extends AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase {
    private final ResourceStore store;
    private final EventLog log;
    private final Set<DiscoveryStream> streams = new LinkedHashSet<>();
    private long streamsOpened;
    private long noncesUsed;
    private long version = 1;

    DiscoveryService(ResourceStore store, EventLog log) {
        this.store = store;
        this.log = log;
    }

    @Override
    public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(StreamObserver<DeltaDiscoveryResponse> out) {
        ProxyAccount caller = CallerCheck.CALLER.get();
        DiscoveryStream stream = new DiscoveryStream(
                this, ++streamsOpened, caller, (ServerCallStreamObserver<DeltaDiscoveryResponse>) out);
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
