package io.culvert.agent.config;

import io.culvert.agent.eligibility.EnablementSelector;
import io.culvert.agent.install.ConfigPlacement;
import io.culvert.agent.install.InstallSettings;
import java.nio.file.Path;
import java.util.List;

/** The installer's settings. Four variables are ours: those that begin with {@code CULVERT_}. */
final class InstallReader {
    private static final String NAME = "CNI_CONF_NAME";
    private static final String SINGLE = ".conf";
    private static final String LIST = ".conflist";

    private final Environment environment;

    InstallReader(Environment environment) {
        this.environment = environment;
    }

    /** @param hostMounted the agent is in a container that the node's file system is mounted into */
    InstallSettings read(Path hostRoot, Path runDir, boolean hostMounted, List<EnablementSelector> selectors)
            throws ConfigException {
        boolean ambient = environment.flag("AMBIENT_ENABLED", false);
        return new InstallSettings(
                environment.flag("CULVERT_CNI_INSTALL", hostMounted),
                environment.absolutePath("CULVERT_CNI_PLUGIN", "/opt/cni/bin/" + InstallSettings.PLUGIN),
                environment.absolutePath(
                        "CULVERT_CNI_BIN_DIR", hostRoot.resolve("opt/cni/bin").toString()),
                environment.absolutePath(
                        "MOUNTED_CNI_NET_DIR", hostRoot.resolve("etc/cni/net.d").toString()),
                runDir,
                environment.absolutePath(
                        "CULVERT_SERVICE_ACCOUNT_DIR", "/var/run/secrets/kubernetes.io/serviceaccount"),
                placement(ambient),
                environment.flag("CNI_CONF_GROUP_READ", false),
                apiServer(),
                environment.text("KUBE_CA_FILE", ""),
                environment.flag("SKIP_TLS_VERIFY", false),
                environment.mode("KUBECONFIG_MODE", "0600"),
                new InstallSettings.Entry(
                        environment.text("CULVERT_LOG_LEVEL", "info"),
                        runDir,
                        ambient,
                        selectors,
                        environment.list("EXCLUDE_NAMESPACES"),
                        environment.text("POD_NAMESPACE", ""),
                        environment.flag("ENABLE_AMBIENT_DETECTION_RETRY", false)));
    }

    /** A file of our own needs something to add to, and the original writes it for ambient only. */
    private ConfigPlacement placement(boolean ambient) throws ConfigException {
        if (!environment.flag("CHAINED_CNI_PLUGIN", true)) {
            String name = environment.fileName(NAME, "", SINGLE, LIST);
            return new ConfigPlacement.Standalone(name.isEmpty() ? "YYY-istio-cni.conf" : name);
        }
        String primary = environment.fileName(NAME, "", SINGLE, LIST);
        if (!environment.flag("ISTIO_OWNED_CNI_CONFIG", false) || !ambient) {
            return new ConfigPlacement.Chained(primary);
        }
        // The chart sets the second name, which the original does not read.
        String variable =
                environment.text("ISTIO_OWNED_CNI_CONFIG_FILENAME", "").isEmpty()
                        ? "ISTIO_OWNED_CNI_CONF_FILENAME"
                        : "ISTIO_OWNED_CNI_CONFIG_FILENAME";
        String name = environment.fileName(variable, "", LIST);
        return new ConfigPlacement.Owned(primary, name.isEmpty() ? "02-istio-cni.conflist" : name);
    }

    private String apiServer() {
        String host = environment.text("KUBERNETES_SERVICE_HOST", "");
        String port = environment.text("KUBERNETES_SERVICE_PORT", "");
        if (host.isBlank() || port.isBlank()) {
            return "";
        }
        String protocol = environment.text("KUBERNETES_SERVICE_PROTOCOL", "https");
        boolean literal6 = host.indexOf(':') >= 0 && !host.startsWith("[");
        return protocol + "://" + (literal6 ? "[" + host + "]" : host) + ":" + port;
    }
}
