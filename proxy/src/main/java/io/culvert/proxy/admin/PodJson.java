package io.culvert.proxy.admin;

import com.google.gson.stream.JsonWriter;
import io.culvert.proxy.inpod.PodState;
import io.culvert.proxy.rbac.InboundConnections;
import io.culvert.proxy.rbac.Peer;
import io.culvert.proxy.rbac.PodConnections;
import io.culvert.proxy.routing.WorkloadRef;
import java.io.IOException;

/** A pod of this node in the dump, with its connections. */
final class PodJson {

    private PodJson() {}

    static void write(JsonWriter out, PodState pod) throws IOException {
        out.beginObject();
        switch (pod) {
            case PodState.Pending pending -> {
                info(out, pending.workload());
                out.name("state").value("Pending");
            }
            case PodState.Up up -> {
                connections(out, up.connections());
                info(out, up.workload());
                out.name("state").value("Up");
            }
        }
        out.endObject();
    }

    private static void info(JsonWriter out, WorkloadRef workload) throws IOException {
        out.name("info").beginObject();
        out.name("name").value(workload.name());
        out.name("namespace").value(workload.namespace());
        out.name("serviceAccount").value(workload.serviceAccount());
        out.endObject();
    }

    private static void connections(JsonWriter out, PodConnections connections) throws IOException {
        out.name("connections").beginObject();
        out.name("inbound").beginArray();
        for (InboundConnections.Registration one : connections.inbound()) {
            inbound(out, one);
        }
        out.endArray();
        out.name("outbound").beginArray();
        for (PodConnections.Outbound one : connections.outbound()) {
            out.beginObject();
            out.name("actualDst").value(one.actualDestination().toString());
            out.name("originalDst").value(one.originalDestination().toString());
            out.name("protocol").value(one.protocol().name());
            out.name("src").value(one.source().toString());
            out.endObject();
        }
        out.endArray();
        out.endObject();
    }

    private static void inbound(JsonWriter out, InboundConnections.Registration one) throws IOException {
        out.beginObject();
        out.name("actualDst").value(one.call().destination().toString());
        out.name("originalDst");
        if (one.forwardedHost().isEmpty()) {
            out.nullValue();
        } else {
            out.value(one.forwardedHost());
        }
        boolean tunnelled = switch (one.call().peer()) {
            case Peer.Identified ignored -> true;
            case Peer.Anonymous ignored -> false;
        };
        out.name("protocol").value(tunnelled ? "HBONE" : "TCP");
        out.name("src").value(one.call().source().toString());
        out.endObject();
    }
}
