package io.culvert.proxy.admin;

import com.google.gson.stream.JsonWriter;
import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.OutcomeTable;
import io.culvert.proxy.routing.Destination;
import io.culvert.proxy.routing.OutboundDecision;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Tells what would become of a connection, without opening it: {@code /debug/route?source=UID-or-address&destination=
 * ip:port}. The decision is made by the router that connections use, from the present state; where the load balancer
 * has a choice it is one of the possible answers. Endpoints that a data loop keeps away from just now are not known
 * here.
 */
final class RouteEndpoint {

    private static final String USAGE = "ask /debug/route?source=SOURCE&destination=IP:PORT, where SOURCE is the uid or"
            + " the address of a workload, as in /config_dump, and an IPv6 address with a port has brackets\n";

    private final DumpSources sources;

    RouteEndpoint(DumpSources sources) {
        this.sources = sources;
    }

    HttpAnswer answer(HttpQuestion question) {
        String source = parameter(question, "source");
        String destination = parameter(question, "destination");
        if (source.isEmpty() || destination.isEmpty()) {
            String missing = source.isEmpty() ? "source" : "destination";
            return HttpAnswer.text(400, "no " + missing + " is given: " + USAGE);
        }
        Optional<IpPort> target = IpPort.parse(destination);
        if (target.isEmpty()) {
            return HttpAnswer.text(400, "destination " + destination + " is no address with a port: " + USAGE);
        }
        MeshSnapshot mesh = sources.mesh();
        Optional<Workload> workload = find(mesh, source);
        if (workload.isEmpty()) {
            return HttpAnswer.text(404, "no workload has the uid or the address " + source + ": " + USAGE);
        }
        return HttpAnswer.of(200, "application/json", json(workload.get(), source, target.get()));
    }

    private static String parameter(HttpQuestion question, String name) {
        return question.query().getOrDefault(name, List.of("")).getFirst();
    }

    private Optional<Workload> find(MeshSnapshot mesh, String source) {
        Workload byUid = mesh.workloadByUid(source);
        return byUid != null
                ? Optional.of(byUid)
                : address(source).map(ip -> mesh.workloadByAddress(sources.network(), ip));
    }

    private static Optional<IpAddress> address(String text) {
        boolean bracketed = text.startsWith("[") || !text.contains(":");
        return IpPort.parse((bracketed ? text : "[" + text + "]") + ":0").map(IpPort::ip);
    }

    private byte[] json(Workload source, String asked, IpPort target) {
        IpAddress from =
                address(asked).or(() -> source.addresses().stream().findFirst()).orElse(target.ip());
        OutboundDecision decision = sources.decide(source, from, target);
        StringWriter text = new StringWriter();
        try (JsonWriter out = new JsonWriter(text)) {
            out.setIndent("  ");
            out.beginObject();
            write(out, decision);
            out.name("destination").value(target.toString());
            out.name("source").value(source.uid());
            out.endObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter failed", e);
        }
        return text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void write(JsonWriter out, OutboundDecision decision) throws IOException {
        switch (decision) {
            case OutboundDecision.Tcp tcp -> {
                out.name("decision").value("Tcp");
                out.name("nextHop").value(tcp.nextHop().toString());
                destination(out, tcp.destination());
            }
            case OutboundDecision.Hbone hbone -> {
                out.name("decision").value("Hbone");
                out.name("authority").value(hbone.authority().toString());
                out.name("nextHop").value(hbone.nextHop().toString());
                identities(out, "expectedIdentities", hbone.expectedIdentities());
                destination(out, hbone.destination());
            }
            case OutboundDecision.DoubleHbone crossing -> {
                out.name("decision").value("DoubleHbone");
                out.name("authority").value(crossing.authority());
                out.name("nextHop").value(crossing.nextHop().toString());
                identities(out, "gatewayIdentities", crossing.gatewayIdentities());
                identities(out, "finalIdentities", crossing.finalIdentities());
                destination(out, crossing.destination());
            }
            case OutboundDecision.Unresolved unresolved -> {
                out.name("decision").value("Unresolved");
                out.name("hostname").value(unresolved.workload().hostname());
                out.name("nextHopWorkload").value(unresolved.workload().uid());
            }
            case OutboundDecision.Refused refused -> {
                out.name("decision").value("Refused");
                out.name("error").value(OutcomeTable.of(refused.error()).text());
            }
        }
    }

    private static void destination(JsonWriter out, Destination destination) throws IOException {
        Workload workload = destination.workload();
        if (workload != null) {
            out.name("nextHopWorkload").value(workload.uid());
        }
        Service service = destination.service();
        if (service != null) {
            out.name("service").value(service.namespace() + "/" + service.hostname());
        }
    }

    private static void identities(JsonWriter out, String name, List<Identity> identities) throws IOException {
        out.name(name).beginArray();
        for (Identity one : identities) {
            out.value(one.toString());
        }
        out.endArray();
    }
}
