package io.culvert.proxy.admin;

import com.google.gson.stream.JsonWriter;
import io.culvert.xds.mesh.Endpoint;
import io.culvert.xds.mesh.IpFamilies;
import io.culvert.xds.mesh.LoadBalancing;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.NetworkCidr;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Visibility;
import io.culvert.xds.mesh.WeightedWaypoint;
import java.io.IOException;
import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A service in the dump, with its endpoints. */
final class ServiceJson {

    private ServiceJson() {}

    /**
     * Writes one.
     *
     * @param endpoints in the order in which they are to appear
     */
    static void write(JsonWriter out, Service service, Collection<Endpoint> endpoints) throws IOException {
        out.beginObject();
        out.name("canonical").value(service.canonical());
        cidrVips(out, service);
        out.name("endpoints").beginObject();
        for (Endpoint endpoint : endpoints) {
            endpoint(out.name(endpoint.workloadUid()), endpoint);
        }
        out.endObject();
        out.name("hostname").value(service.hostname());
        families(out, service.ipFamilies());
        loadBalancer(out, service.loadBalancing());
        out.name("name").value(service.name());
        out.name("namespace").value(service.namespace());
        WorkloadJson.ports(out.name("ports"), service.ports());
        out.name("subjectAltNames").beginArray();
        for (String name : service.subjectAltNames()) {
            out.value(name);
        }
        out.endArray();
        out.name("vips").beginArray();
        for (NetworkAddress vip : service.vips()) {
            out.value(vip.toString());
        }
        out.endArray();
        out.name("visibility").value(service.visibility() == Visibility.PUBLIC ? "Public" : "Namespace");
        WorkloadJson.gateway(out, "waypoint", service.waypoint());
        weightedWaypoints(out, service);
        out.endObject();
    }

    static void endpoint(JsonWriter out, Endpoint endpoint) throws IOException {
        out.beginObject();
        WorkloadJson.ports(out.name("port"), endpoint.port());
        out.name("status").value(WorkloadJson.status(endpoint.status()));
        out.name("workloadUid").value(endpoint.workloadUid());
        out.endObject();
    }

    private static void cidrVips(JsonWriter out, Service service) throws IOException {
        if (service.cidrVips().isEmpty()) {
            return;
        }
        out.name("cidrVips").beginArray();
        for (NetworkCidr vip : service.cidrVips()) {
            out.beginObject();
            out.name("cidr").value(vip.cidr().toString());
            out.name("network").value(vip.network());
            out.endObject();
        }
        out.endArray();
    }

    private static void families(JsonWriter out, IpFamilies families) throws IOException {
        String text = switch (families) {
            case AUTOMATIC -> "";
            case IPV4_ONLY -> "IPv4";
            case IPV6_ONLY -> "IPv6";
            case DUAL -> "Dual";
        };
        if (!text.isEmpty()) {
            out.name("ipFamilies").value(text);
        }
    }

    private static void loadBalancer(JsonWriter out, @Nullable LoadBalancing balancing) throws IOException {
        if (balancing == null) {
            return;
        }
        out.name("loadBalancer").beginObject();
        out.name("healthPolicy")
                .value(
                        switch (balancing.healthPolicy()) {
                            case ONLY_HEALTHY -> "OnlyHealthy";
                            case ALLOW_ALL -> "AllowAll";
                        });
        out.name("mode").value(capitalised(balancing.mode()));
        out.name("routingPreferences").beginArray();
        for (LoadBalancing.Scope scope : balancing.routingPreference()) {
            out.value(capitalised(scope));
        }
        out.endArray();
        out.endObject();
    }

    private static String capitalised(Enum<?> one) {
        return one.name().charAt(0) + one.name().substring(1).toLowerCase(Locale.ROOT);
    }

    private static void weightedWaypoints(JsonWriter out, Service service) throws IOException {
        if (service.weightedWaypoints().isEmpty()) {
            return;
        }
        out.name("weightedWaypoints").beginArray();
        for (WeightedWaypoint one : service.weightedWaypoints()) {
            out.beginObject();
            WorkloadJson.gateway(out.name("destination"), one.destination());
            out.name("weight").value(Integer.toUnsignedLong(one.weight()));
            out.endObject();
        }
        out.endArray();
    }
}
