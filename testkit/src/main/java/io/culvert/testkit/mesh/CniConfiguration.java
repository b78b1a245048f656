package io.culvert.testkit.mesh;

import com.google.gson.stream.JsonWriter;
import io.culvert.testkit.spec.MeshSpec;
import java.io.IOException;
import java.io.StringWriter;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.file.Path;

/**
 * What a runtime gives our plugin on standard input: the plugin's entry of the network configuration, as istio-cni's
 * installer writes it (istio: cni/pkg/install/cniconfig.go), with the result of the plugin before it, which made the
 * pod's network.
 */
final class CniConfiguration {
    private static final int V4_PREFIX = 24;
    private static final int V6_PREFIX = 64;

    private CniConfiguration() {}

    static String json(String cniVersion, Path agentRunDirectory, MeshPod pod) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonWriter json = new JsonWriter(text)) {
            json.beginObject();
            json.name("cniVersion").value(cniVersion);
            json.name("name").value("testkit-pod-network");
            json.name("type").value("istio-cni");
            json.name("cni_agent_run_dir").value(agentRunDirectory.toString());
            json.name("ambient_enabled").value(true);
            json.name("pod_namespace").value(MeshSpec.SYSTEM_NAMESPACE);
            json.name("exclude_namespaces").beginArray().value("kube-system").endArray();
            json.name("prevResult");
            previousResult(json, cniVersion, pod);
            json.endObject();
        }
        return text.toString();
    }

    private static void previousResult(JsonWriter json, String cniVersion, MeshPod pod) throws IOException {
        json.beginObject();
        json.name("cniVersion").value(cniVersion);
        json.name("interfaces").beginArray().beginObject();
        json.name("name").value("eth0");
        json.name("sandbox").value(pod.netnsPath().toString());
        json.endObject().endArray();
        json.name("ips").beginArray();
        for (InetAddress address : pod.addresses()) {
            int prefix = address instanceof Inet4Address ? V4_PREFIX : V6_PREFIX;
            json.beginObject();
            json.name("interface").value(0);
            json.name("address").value(address.getHostAddress() + "/" + prefix);
            json.endObject();
        }
        json.endArray().endObject();
    }
}
