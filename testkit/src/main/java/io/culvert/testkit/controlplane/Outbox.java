package io.culvert.testkit.controlplane;

import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The way out of one stream: what is to be sent, with what is planned to go wrong. Order is kept but where a fault says
 * otherwise: what is held back holds up everything behind it. Runs on the control thread.
 */
final class Outbox {
    private static final String UNKNOWN_TYPE = "type.googleapis.com/culvert.test.Unknown";

    private final FaultPlan<DiscoveryFault> faults;
    private final ControlThread thread;
    private final Wire wire;
    private final Deque<Parcel> waiting = new ArrayDeque<>();
    private @Nullable Parcel swapped;
    private String lastNonce = "";

    Outbox(FaultPlan<DiscoveryFault> faults, ControlThread thread, Wire wire) {
        this.faults = faults;
        this.thread = thread;
        this.wire = wire;
    }

    /** The stream itself. */
    interface Wire {
        void send(Outgoing message);

        void end(Status status);

        /** Tells what is done to a response before it is done. */
        void committing(DiscoveryFault fault, String nonce);
    }

    /** One response and what becomes of it. */
    private static final class Parcel {
        private final List<Outgoing> messages = new ArrayList<>();
        private @Nullable Status end;
        private boolean muted;
        private boolean delayed;
    }

    void send(ResourceType type, DeltaDiscoveryResponse response) {
        Parcel parcel = pack(type, response, faults.take(type.name()));
        Parcel behind = swapped;
        swapped = null;
        if (parcel.messages.isEmpty() && parcel.end == null) {
            // A swapped one is put back below when nothing can overtake it.
            swapped = behind;
            return;
        }
        waiting.add(parcel);
        if (behind != null) {
            waiting.add(behind);
        }
        flush();
    }

    private Parcel pack(ResourceType type, DeltaDiscoveryResponse original, List<DiscoveryFault> planned) {
        Parcel parcel = new Parcel();
        DeltaDiscoveryResponse.Builder response = original.toBuilder();
        List<Outgoing> before = new ArrayList<>();
        int copies = 1;
        boolean swap = false;
        for (DiscoveryFault fault : planned) {
            wire.committing(fault, original.getNonce());
            switch (fault) {
                case DiscoveryFault.Drop ignored -> copies = 0;
                case DiscoveryFault.Duplicate ignored -> copies = 2;
                case DiscoveryFault.Mute ignored -> parcel.muted = true;
                case DiscoveryFault.Delay delay -> hold(parcel, delay.duration());
                case DiscoveryFault.Swap ignored -> swap = true;
                case DiscoveryFault.RepeatNonce ignored -> {
                    if (!lastNonce.isEmpty()) {
                        response.setNonce(lastNonce);
                    }
                }
                case DiscoveryFault.SkewVersions ignored -> skew(response);
                case DiscoveryFault.Spoil spoil ->
                    response.addResources(
                            spoil.kind().resource(type, spoil.kind().defaultName()));
                case DiscoveryFault.UnknownType ignored -> before.add(unknown(original.getNonce()));
                case DiscoveryFault.Garbage ignored -> {
                    copies = 0;
                    before.add(Outgoing.Bytes.garbage());
                }
                case DiscoveryFault.Oversized oversized -> {
                    copies = 0;
                    before.add(Outgoing.Bytes.oversized(original, oversized.bytes()));
                }
                case DiscoveryFault.End end -> {
                    copies = 0;
                    parcel.end = end.status();
                }
            }
        }
        lastNonce = response.getNonce();
        parcel.messages.addAll(before);
        for (int i = 0; i < copies; i++) {
            parcel.messages.add(new Outgoing.Response(response.build()));
        }
        if (swap) {
            swapped = parcel;
            return new Parcel();
        }
        return parcel;
    }

    private void hold(Parcel parcel, Duration duration) {
        parcel.delayed = true;
        thread.later(duration, () -> {
            parcel.delayed = false;
            flush();
        });
    }

    private static void skew(DeltaDiscoveryResponse.Builder response) {
        response.setSystemVersionInfo("skewed/" + response.getSystemVersionInfo());
        for (Resource.Builder resource : response.getResourcesBuilderList()) {
            if (!resource.getVersion().isEmpty()) {
                resource.setVersion("skewed/" + resource.getVersion());
            }
        }
    }

    private static Outgoing unknown(String nonce) {
        return new Outgoing.Response(DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(UNKNOWN_TYPE)
                .setNonce("unknown/" + nonce)
                .build());
    }

    /** Sends what was kept back by {@link DiscoveryFault.Mute} or waits for something to overtake it. */
    void release() {
        waiting.forEach(parcel -> parcel.muted = false);
        if (swapped != null) {
            waiting.add(swapped);
            swapped = null;
        }
        flush();
    }

    private void flush() {
        Parcel next = waiting.peek();
        while (next != null && !next.muted && !next.delayed) {
            waiting.remove();
            next.messages.forEach(wire::send);
            if (next.end != null) {
                waiting.clear();
                wire.end(next.end);
                return;
            }
            next = waiting.peek();
        }
    }
}
