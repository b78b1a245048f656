package io.culvert.proxy.admin;

import com.google.gson.stream.JsonWriter;
import io.culvert.xds.LocalWorkload;
import io.culvert.xds.mesh.ApplicationTunnel;
import io.culvert.xds.mesh.GatewayAddress;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.Locality;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.NetworkMode;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Workload;
import io.culvert.xds.mesh.WorkloadStatus;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A workload in the dump. */
final class WorkloadJson {

    private WorkloadJson() {}

    /** As the mesh has it: services by name only. */
    static void write(JsonWriter out, Workload workload) throws IOException {
        List<String> services = workload.services().keySet().stream()
                .sorted()
                .map(NamespacedName::toString)
                .toList();
        write(out, workload, () -> strings(out, "services", services));
    }

    /** As a local file has it: services with their ports, even if there are none. */
    static void write(JsonWriter out, LocalWorkload local) throws IOException {
        write(out, local.workload(), () -> {
            out.name("services").beginObject();
            for (var service : new TreeMap<>(local.services()).entrySet()) {
                ports(out.name(service.getKey().toString()), service.getValue());
            }
            out.endObject();
        });
    }

    /** Writes one field in its place among the others. */
    @FunctionalInterface
    private interface Field {
        void write() throws IOException;
    }

    private static void write(JsonWriter out, Workload workload, Field services) throws IOException {
        out.beginObject();
        applicationTunnel(out, workload.applicationTunnel());
        strings(out, "authorizationPolicies", workload.authorizationPolicies());
        text(out, "canonicalName", workload.canonicalName());
        text(out, "canonicalRevision", workload.canonicalRevision());
        out.name("capacity").value(Integer.toUnsignedLong(workload.capacity()));
        out.name("clusterId").value(workload.clusterId());
        text(out, "hostname", workload.hostname());
        locality(out, workload.locality());
        out.name("name").value(workload.name());
        out.name("namespace").value(workload.namespace());
        if (workload.nativeTunnel()) {
            out.name("nativeTunnel").value(true);
        }
        text(out, "network", workload.network());
        gateway(out, "networkGateway", workload.networkGateway());
        out.name("networkMode").value(workload.networkMode() == NetworkMode.HOST_NETWORK ? "HostNetwork" : "Standard");
        text(out, "node", workload.node());
        out.name("protocol").value(workload.tunnelProtocol() == TunnelProtocol.HBONE ? "HBONE" : "TCP");
        text(out, "serviceAccount", workload.serviceAccount());
        services.write();
        out.name("status").value(status(workload.status()));
        text(out, "trustDomain", workload.trustDomain());
        text(out, "uid", workload.uid());
        gateway(out, "waypoint", workload.waypoint());
        out.name("workloadIps").beginArray();
        for (IpAddress address : workload.addresses()) {
            out.value(address.toString());
        }
        out.endArray();
        text(out, "workloadName", workload.workloadName());
        text(out, "workloadType", workload.workloadType());
        out.endObject();
    }

    private static void applicationTunnel(JsonWriter out, @Nullable ApplicationTunnel tunnel) throws IOException {
        if (tunnel == null) {
            return;
        }
        out.name("applicationTunnel").beginObject();
        out.name("port");
        if (tunnel.port() == 0) {
            out.nullValue();
        } else {
            out.value(tunnel.port());
        }
        out.name("protocol").value(tunnel.protocol().name());
        out.endObject();
    }

    private static void locality(JsonWriter out, Locality locality) throws IOException {
        if (locality.equals(Locality.UNKNOWN)) {
            return;
        }
        out.name("locality").beginObject();
        out.name("region").value(locality.region());
        out.name("subzone").value(locality.subzone());
        out.name("zone").value(locality.zone());
        out.endObject();
    }

    /** Ports are keys, and so in the order of texts: 5201 before 80. */
    static void ports(JsonWriter out, PortMap ports) throws IOException {
        Map<String, Integer> sorted = new TreeMap<>();
        ports.forEach((service, target) -> sorted.put(String.valueOf(service), target));
        out.beginObject();
        for (var port : sorted.entrySet()) {
            out.name(port.getKey()).value(port.getValue());
        }
        out.endObject();
    }

    static void gateway(JsonWriter out, String name, @Nullable GatewayAddress gateway) throws IOException {
        if (gateway != null) {
            gateway(out.name(name), gateway);
        }
    }

    static void gateway(JsonWriter out, GatewayAddress gateway) throws IOException {
        out.beginObject();
        out.name("destination").value(gateway.destination());
        out.name("hboneMtlsPort").value(gateway.hbonePort());
        out.endObject();
    }

    static String status(WorkloadStatus status) {
        return switch (status) {
            case HEALTHY -> "Healthy";
            case UNHEALTHY -> "Unhealthy";
        };
    }

    private static void text(JsonWriter out, String name, String value) throws IOException {
        if (!value.isEmpty()) {
            out.name(name).value(value);
        }
    }

    private static void strings(JsonWriter out, String name, Iterable<String> values) throws IOException {
        if (!values.iterator().hasNext()) {
            return;
        }
        out.name(name).beginArray();
        for (String value : values) {
            out.value(value);
        }
        out.endArray();
    }
}
