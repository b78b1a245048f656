package io.culvert.agent.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.Config;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PluginKubeconfigTest {
    @TempDir
    private Path root;

    private NodeFiles node;

    @BeforeEach
    void makeNode() throws IOException {
        node = new NodeFiles(root);
    }

    @Test
    void isOneThatAKubernetesClientReads() throws IOException {
        Config read = Config.fromKubeconfig(yaml("https://[fd00::1]:6443"));
        assertThat(read.getMasterUrl()).startsWith("https://[fd00::1]:6443");
        assertThat(read.getAutoOAuthToken()).isEqualTo("token-1");
        assertThat(read.getCaCertData()).isEqualTo("Q0E=");
        assertThat(read.getCurrentContext().getName()).isEqualTo("istio-cni-context");
    }

    @Test
    void followsTheTokenThatRotates() throws IOException {
        Installer installer = node.installer(NodeFiles.chained());
        assertThat(installer.pass().waitingFor()).isNotEmpty();
        Files.writeString(node.account.resolve("token"), "token-2");
        Path file = node.run.resolve("istio-cni-kubeconfig");
        assertThat(installer.pass().written()).containsExactly(file);
        assertThat(Files.readString(file)).contains("token: \"token-2\"").doesNotContain("token-1");
    }

    @Test
    void namesWhatIsMissing() throws IOException {
        assertThatThrownBy(() -> yaml(""))
                .hasMessageContaining("KUBERNETES_SERVICE_HOST")
                .hasMessageContaining("KUBERNETES_SERVICE_PORT");
        Files.writeString(node.account.resolve("token"), "a\"\nb: c");
        assertThatThrownBy(() -> yaml("https://a:1")).hasMessageContaining("token");
        Files.delete(node.account.resolve("ca.crt"));
        assertThatThrownBy(() -> yaml("https://a:1")).hasMessageContaining("ca.crt");
    }

    private String yaml(String apiServer) throws IOException {
        return new String(PluginKubeconfig.yaml(node.settings(NodeFiles.chained(), apiServer)), StandardCharsets.UTF_8);
    }
}
