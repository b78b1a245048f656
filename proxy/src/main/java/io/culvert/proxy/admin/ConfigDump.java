package io.culvert.proxy.admin;

import com.google.gson.FormattingStyle;
import com.google.gson.stream.JsonWriter;
import io.culvert.proxy.config.ProxyConfig;
import io.culvert.proxy.inpod.PodState;
import io.culvert.xds.LocalState;
import io.culvert.xds.LocalWorkload;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Map;

/**
 * {@code /config_dump}, in the schema that istioctl reads (ztunnel admin.rs: ConfigDump): keys in alphabetical order at
 * every level, workloads by uid, services by host name, policies and certificates by name. No token, key or header
 * value is ever in it.
 */
public final class ConfigDump {

    private final ProxyConfig config;
    private final BuildVersion version;
    private final DumpSources sources;

    public ConfigDump(ProxyConfig config, BuildVersion version, DumpSources sources) {
        this.config = config;
        this.version = version;
        this.sources = sources;
    }

    DumpSources sources() {
        return sources;
    }

    /** The settings alone, on one line: for the log at start. */
    public static String settings(ProxyConfig config) {
        StringWriter text = new StringWriter();
        try (JsonWriter out = new JsonWriter(text)) {
            ConfigJson.write(out, config);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    /** The whole document, indented. */
    byte[] json() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(65_536);
        try (JsonWriter out = new JsonWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8))) {
            out.setFormattingStyle(FormattingStyle.PRETTY);
            write(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private void write(JsonWriter out) throws IOException {
        MeshSnapshot mesh = sources.mesh();
        out.beginObject();
        CertificateJson.write(out.name("certificates"), sources.certificates());
        ConfigJson.write(out.name("config"), config);
        out.name("policies").beginArray();
        for (var policy : mesh.policies().values()) {
            PolicyJson.write(out, policy);
        }
        out.endArray();
        out.name("services").beginArray();
        for (Service service : mesh.services().stream()
                .sorted(Comparator.comparing(Service::hostname).thenComparing(Service::namespace))
                .toList()) {
            ServiceJson.write(out, service, mesh.endpoints(service).values());
        }
        out.endArray();
        staged(out, mesh);
        staticConfig(out);
        version(out);
        if (config.features().mode() == ProxyConfig.Mode.SHARED) {
            pods(out);
        }
        out.name("workloads").beginArray();
        for (Workload workload : mesh.workloads().stream()
                .sorted(Comparator.comparing(Workload::uid))
                .toList()) {
            WorkloadJson.write(out, workload);
        }
        out.endArray();
        out.endObject();
    }

    private static void staged(JsonWriter out, MeshSnapshot mesh) throws IOException {
        out.name("stagedServices").beginObject();
        for (var service : mesh.stagedEndpoints().entrySet()) {
            out.name(service.getKey().toString()).beginObject();
            for (var endpoint : service.getValue().entrySet()) {
                ServiceJson.endpoint(out.name(endpoint.getKey()), endpoint.getValue());
            }
            out.endObject();
        }
        out.endObject();
    }

    private void staticConfig(JsonWriter out) throws IOException {
        LocalState local = sources.staticConfig();
        out.name("staticConfig").beginObject();
        out.name("policies").beginArray();
        for (var policy : local.policies()) {
            PolicyJson.write(out, policy);
        }
        out.endArray();
        out.name("services").beginArray();
        for (Service service : local.services()) {
            ServiceJson.write(out, service, service.declaredEndpoints());
        }
        out.endArray();
        out.name("workloads").beginArray();
        for (LocalWorkload workload : local.workloads()) {
            WorkloadJson.write(out, workload);
        }
        out.endArray();
        out.endObject();
    }

    private void version(JsonWriter out) throws IOException {
        out.name("version").beginObject();
        out.name("buildProfile").value("release");
        out.name("buildStatus").value(version.buildStatus());
        out.name("cryptoProvider").value(version.cryptoProvider());
        out.name("gitRevision").value(version.gitRevision());
        out.name("istioVersion").value(version.istioVersion());
        out.name("rustVersion").value(version.runtime());
        out.name("version").value(version.version());
        out.endObject();
    }

    private void pods(JsonWriter out) throws IOException {
        out.name("workloadState").beginObject();
        for (Map.Entry<?, PodState> pod : sources.pods().entrySet()) {
            PodJson.write(out.name(pod.getKey().toString()), pod.getValue());
        }
        out.endObject();
    }
}
