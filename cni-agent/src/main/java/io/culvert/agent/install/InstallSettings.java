package io.culvert.agent.install;

import io.culvert.agent.eligibility.EnablementSelector;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Set;

/**
 * What is installed, and where [istio cni/pkg/config/config.go InstallConfig].
 *
 * @param enabled false: this agent leaves the node's files alone
 * @param plugin the plugin's executable in the agent's image
 * @param binaryDirectory where the node's container runtime looks for plugins, as the agent sees it
 * @param netDirectory where it looks for network configurations, as the agent sees it
 * @param serviceAccountDirectory holds {@code token} and {@code ca.crt}
 * @param apiServer of the kubeconfig; empty where the environment does not name one
 */
public record InstallSettings(
        boolean enabled,
        Path plugin,
        Path binaryDirectory,
        Path netDirectory,
        Path runDirectory,
        Path serviceAccountDirectory,
        ConfigPlacement placement,
        boolean configReadableByGroup,
        String apiServer,
        String caFile,
        boolean skipTlsVerify,
        Set<PosixFilePermission> kubeconfigMode,
        Entry entry) {

    /** The name of our plugin, of its entry's type, and of its file: the original's, whose place it takes. */
    public static final String PLUGIN = "istio-cni";

    public InstallSettings {
        kubeconfigMode = Set.copyOf(kubeconfigMode);
    }

    Path installedPlugin() {
        return binaryDirectory.resolve(PLUGIN);
    }

    Path kubeconfig() {
        return runDirectory.resolve("istio-cni-kubeconfig");
    }

    /** What the plugin's entry tells the plugin. */
    public record Entry(
            String logLevel,
            Path runDirectory,
            boolean ambientEnabled,
            List<EnablementSelector> selectors,
            Set<String> excludedNamespaces,
            String podNamespace,
            boolean detectionRetry) {

        public Entry {
            selectors = List.copyOf(selectors);
        }
    }
}
