package io.culvert.agent.install;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.culvert.agent.eligibility.EnablementSelector;
import io.culvert.agent.eligibility.LabelSelector;
import java.util.Collection;

/**
 * Our plugin's object in a network configuration, with the members and names of the original's
 * [istio cni/pkg/plugin/plugin.go Config, cni/pkg/install/cniconfig.go]. Our plugin reads
 * {@code cni_agent_run_dir}, {@code pod_namespace} and {@code exclude_namespaces}; the others tell an operator.
 */
final class PluginEntry {
    private static final String VERSION = "0.3.1";

    private PluginEntry() {}

    static JsonObject json(InstallSettings.Entry entry) {
        JsonObject json = new JsonObject();
        json.addProperty("cniVersion", VERSION);
        json.addProperty("name", InstallSettings.PLUGIN);
        json.addProperty("type", InstallSettings.PLUGIN);
        json.add("ipam", new JsonObject());
        json.add("dns", new JsonObject());
        json.addProperty("plugin_log_level", entry.logLevel());
        json.addProperty("cni_agent_run_dir", entry.runDirectory().toString());
        json.addProperty("ambient_enabled", entry.ambientEnabled());
        JsonArray selectors = new JsonArray();
        entry.selectors().forEach(selector -> selectors.add(selector(selector)));
        json.add("enablement_selectors", selectors);
        json.add("exclude_namespaces", texts(entry.excludedNamespaces()));
        json.addProperty("pod_namespace", entry.podNamespace());
        json.addProperty("native_nftables", true);
        json.addProperty("enable_ambient_detection_retry", entry.detectionRetry());
        return json;
    }

    private static JsonObject selector(EnablementSelector selector) {
        JsonObject json = new JsonObject();
        json.add("podSelector", labels(selector.pod()));
        json.add("namespaceSelector", labels(selector.namespace()));
        return json;
    }

    /** As expressions alone: {@code matchLabels} is short for those. */
    private static JsonObject labels(LabelSelector selector) {
        JsonArray expressions = new JsonArray();
        for (LabelSelector.Requirement requirement : selector.requirements()) {
            expressions.add(
                    switch (requirement) {
                        case LabelSelector.In(var key, var values) -> expression(key, "In", texts(values));
                        case LabelSelector.NotIn(var key, var values) -> expression(key, "NotIn", texts(values));
                        case LabelSelector.Exists(var key) -> expression(key, "Exists", new JsonArray());
                        case LabelSelector.DoesNotExist(var key) -> expression(key, "DoesNotExist", new JsonArray());
                    });
        }
        JsonObject json = new JsonObject();
        if (!expressions.isEmpty()) {
            json.add("matchExpressions", expressions);
        }
        return json;
    }

    private static JsonObject expression(String key, String operator, JsonArray values) {
        JsonObject json = new JsonObject();
        json.addProperty("key", key);
        json.addProperty("operator", operator);
        if (!values.isEmpty()) {
            json.add("values", values);
        }
        return json;
    }

    /** Sorted, so that the same settings give the same file. */
    private static JsonArray texts(Collection<String> values) {
        JsonArray array = new JsonArray();
        values.stream().sorted().forEach(array::add);
        return array;
    }
}
