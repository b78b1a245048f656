package io.culvert.agent.install;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/**
 * The kubeconfig beside the plugin [istio cni/pkg/install/kubeconfig.go]. Our plugin reads none; it is there for
 * those who look for the original's, among them the original's own plugin where a node goes back to it. The token is
 * inlined and rotates, so the file is written anew whenever the token's directory changes.
 */
final class PluginKubeconfig {
    /** A service account's token has about 1 KiB, a bundle of roots some dozens. */
    private static final long BYTES_MAX = 1024 * 1024;

    private PluginKubeconfig() {}

    /**
     * Its text, YAML with sorted keys.
     *
     * @throws IOException naming what is missing
     */
    static byte[] yaml(InstallSettings settings) throws IOException {
        if (settings.apiServer().isEmpty()) {
            throw new IOException("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must both be set, as they are in"
                    + " every pod whose enableServiceLinks was not tampered with");
        }
        String trust = settings.skipTlsVerify()
                ? "    insecure-skip-tls-verify: true\n"
                : "    certificate-authority-data: " + Base64.getEncoder().encodeToString(authority(settings)) + "\n";
        String token = new String(bounded(settings.serviceAccountDirectory().resolve("token")), StandardCharsets.UTF_8)
                .strip();
        if (token.chars().anyMatch(c -> c <= ' ' || c > '~' || c == '"' || c == '\\')) {
            throw new IOException("the service account's token holds characters that no token has");
        }
        String text = "apiVersion: v1\nclusters:\n- cluster:\n" + trust + "    server: " + settings.apiServer()
                + "\n  name: local\ncontexts:\n- context:\n    cluster: local\n    user: istio-cni\n"
                + "  name: istio-cni-context\ncurrent-context: istio-cni-context\nkind: Config\npreferences: {}\n"
                + "users:\n- name: istio-cni\n  user:\n    token: \"" + token + "\"\n";
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] authority(InstallSettings settings) throws IOException {
        return bounded(
                settings.caFile().isEmpty()
                        ? settings.serviceAccountDirectory().resolve("ca.crt")
                        : Path.of(settings.caFile()));
    }

    private static byte[] bounded(Path file) throws IOException {
        if (Files.size(file) > BYTES_MAX) {
            throw new IOException(file + " is longer than " + BYTES_MAX + " bytes");
        }
        return Files.readAllBytes(file);
    }
}
