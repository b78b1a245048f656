package io.culvert.agent.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class InstallerTest {
    private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000);

    @TempDir
    private Path root;

    private NodeFiles node;

    @BeforeEach
    void makeNode() throws IOException {
        node = new NodeFiles(root);
    }

    static Stream<String> primaries() {
        return NodeFiles.PRIMARIES.stream();
    }

    @ParameterizedTest
    @MethodSource("primaries")
    void addsItsEntryToWhateverCniIsThereAndTakesOnlyThatBack(String name) throws IOException {
        Path primary = node.primary(name);
        JsonObject before = NodeFiles.json(primary);
        Installer installer = node.installer(NodeFiles.chained());

        assertThat(installer.pass().waitingFor()).isEmpty();

        Path list = primary.resolveSibling(NetworkConfigFile.sibling(name));
        Path chained = name.endsWith(".conflist") ? primary : list;
        assertThat(node.names()).containsExactly(chained.getFileName().toString());
        assertThat(NodeFiles.types(chained)).endsWith("istio-cni").containsOnlyOnce("istio-cni");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(chained)))
                .isEqualTo("rw-r-----");

        assertThat(installer.uninstall()).contains(chained);
        if (name.endsWith(".conflist")) {
            assertThat(ConfigJson.bytes(NodeFiles.json(primary))).isEqualTo(ConfigJson.bytes(before));
        } else {
            before.remove("cniVersion");
            JsonArray plugins = NodeFiles.json(chained).getAsJsonArray("plugins");
            assertThat(plugins).singleElement().isEqualTo(before);
        }
        assertThat(node.installer(NodeFiles.chained()).uninstall()).as("again").isEmpty();
    }

    @Test
    void keepsTheOrderOfMembersAndTheSpellingOfNumbers() throws IOException {
        String text = """
                {
                  "zebra": 12345678901234567890,
                  "name": "n",
                  "cniVersion": "1.0.0",
                  "plugins": [
                    {
                      "type": "t",
                      "ratio": 1.50,
                      "url": "a<b>&c='d'",
                      "nothing": null
                    }
                  ],
                  "disableCheck": true
                }
                """;
        Path file = Files.writeString(node.net.resolve("10-x.conflist"), text);
        Installer installer = node.installer(NodeFiles.chained());
        installer.pass();
        assertThat(Files.readString(file)).contains("12345678901234567890", "1.50", "a<b>&c='d'", "\"nothing\": null");
        installer.uninstall();
        assertThat(file).hasContent(text);
    }

    @Test
    void writesNothingWhereNothingDiffers() throws IOException {
        Path file = node.primary("10-calico.conflist");
        Installer installer = node.installer(NodeFiles.chained());
        assertThat(installer.pass().written())
                .containsExactlyInAnyOrder(
                        file, node.bin.resolve("istio-cni"), node.run.resolve("istio-cni-kubeconfig"));
        Files.setLastModifiedTime(file, LONG_AGO);
        assertThat(installer.pass().written()).isEmpty();
        assertThat(node.installer(NodeFiles.chained()).pass().written())
                .as("another process")
                .isEmpty();
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(LONG_AGO);
    }

    @Test
    void repairsWhatSomebodyChanged() throws IOException {
        Path file = node.primary("10-calico.conflist");
        Installer installer = node.installer(NodeFiles.chained());
        installer.pass();

        node.primary("10-calico.conflist");
        Files.writeString(node.bin.resolve("istio-cni"), "something else");
        Files.setPosixFilePermissions(
                node.run.resolve("istio-cni-kubeconfig"), PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(installer.pass().written()).hasSize(3);
        assertThat(NodeFiles.types(file)).containsExactly("calico", "portmap", "bandwidth", "istio-cni");
        assertThat(node.bin.resolve("istio-cni")).hasSameBinaryContentAs(node.plugin);

        // An entry of another version of the agent, or of istio-cni, in the middle, and twice.
        JsonObject old = NodeFiles.json(file);
        JsonObject entry = new JsonObject();
        entry.addProperty("type", "istio-cni");
        entry.addProperty("kubernetes", "of an old one");
        JsonArray plugins = new JsonArray();
        plugins.add(entry);
        plugins.addAll(old.getAsJsonArray("plugins"));
        old.add("plugins", plugins);
        Files.write(file, ConfigJson.bytes(old));
        assertThat(installer.pass().written()).containsExactly(file);
        assertThat(NodeFiles.types(file)).containsExactly("calico", "portmap", "bandwidth", "istio-cni");
        assertThat(Files.readString(file)).doesNotContain("of an old one");
    }

    @Test
    void takesTheFirstValidFileByName() throws IOException {
        Files.writeString(node.net.resolve("00-not-json.conflist"), "{");
        Files.writeString(node.net.resolve("01-empty.conf"), "");
        Files.writeString(node.net.resolve("02-no-type.conf"), "{\"name\":\"x\"}");
        Files.writeString(node.net.resolve("03-no-name.conflist"), "{\"plugins\":[{\"type\":\"x\"}]}");
        Files.writeString(node.net.resolve("04-no-plugins.conflist"), "{\"name\":\"x\",\"plugins\":[]}");
        Files.writeString(node.net.resolve("05-odd-plugins.conflist"), "{\"name\":\"x\",\"plugins\":[{\"type\":1}]}");
        Files.writeString(node.net.resolve("06-trailing.conflist"), "{\"name\":\"x\",\"plugins\":[{\"type\":\"x\"}]}}");
        Files.writeString(node.net.resolve("07-list.conf"), "[]");
        Files.writeString(node.net.resolve("08-json.json"), "{\"name\":\"x\",\"type\":\"x\"}");
        Files.writeString(node.net.resolve("09-large.conf"), "{\"type\":\"" + "x".repeat(1 << 20) + "\"}");
        node.primary("10-flannel.conflist");
        Path second = node.primary("10-calico.conflist");

        assertThat(node.installer(NodeFiles.chained()).pass().written()).contains(second);
        assertThat(NodeFiles.types(second)).contains("istio-cni");
        assertThat(NodeFiles.types(node.net.resolve("10-flannel.conflist"))).doesNotContain("istio-cni");
    }

    @Test
    void followsTheContainerRuntimeWhenAnotherFileComesFirst() throws IOException {
        Path late = node.primary("10-flannel.conflist");
        Installer installer = node.installer(NodeFiles.chained());
        installer.pass();
        Path first = node.primary("05-cilium.conflist");
        assertThat(installer.pass().written()).containsExactly(first);
        assertThat(NodeFiles.types(late)).as("should it be the first again").contains("istio-cni");
        assertThat(installer.uninstall()).contains(first, late);
        assertThat(NodeFiles.types(late)).doesNotContain("istio-cni");
    }

    @Test
    void waitsForAConfigurationThatIsNotThereYet() throws IOException {
        Installer installer = node.installer(NodeFiles.chained());
        assertThat(installer.pass().waitingFor()).contains(node.net.toString());
        assertThat(node.names()).isEmpty();
        node.primary("10-azure.conflist");
        assertThat(installer.pass().waitingFor()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "10-calico.conflist, 10-calico.conflist",
        "10-calico.conf, 10-calico.conflist",
        "00-multus.conf, 00-multus.conf",
        "00-multus.conflist, 00-multus.conf"
    })
    void takesTheFileThatIsNamedWithEitherExtension(String named, String there) throws IOException {
        Path other = node.primary("05-cilium.conflist");
        Installer installer = node.installer(new ConfigPlacement.Chained(named));
        assertThat(installer.pass().waitingFor()).contains(named);
        node.primary(there);
        assertThat(installer.pass().waitingFor()).isEmpty();
        assertThat(NodeFiles.types(other)).doesNotContain("istio-cni");
    }

    @Test
    void writesAFileOfItsOwnThatOthersReferTo() throws IOException {
        Path primary = node.primary("10-calico.conflist");
        Installer installer = node.installer(new ConfigPlacement.Standalone("YYY-istio-cni.conf"));
        installer.pass();
        Path ours = node.net.resolve("YYY-istio-cni.conf");
        assertThat(ours).hasContent("""
                {
                  "cniVersion": "0.3.1",
                  "name": "istio-cni",
                  "type": "istio-cni",
                  "ipam": {},
                  "dns": {},
                  "plugin_log_level": "info",
                  "cni_agent_run_dir": "%s",
                  "ambient_enabled": true,
                  "enablement_selectors": [
                    {
                      "podSelector": {
                        "matchExpressions": [
                          {
                            "key": "istio.io/dataplane-mode",
                            "operator": "In",
                            "values": [
                              "ambient"
                            ]
                          }
                        ]
                      },
                      "namespaceSelector": {}
                    }
                  ],
                  "exclude_namespaces": [
                    "a",
                    "kube-system"
                  ],
                  "pod_namespace": "istio-system",
                  "native_nftables": true,
                  "enable_ambient_detection_retry": false
                }
                """.formatted(node.run));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(ours)))
                .isEqualTo("rw-------");
        assertThat(NodeFiles.types(primary)).doesNotContain("istio-cni");
        assertThat(node.installer(NodeFiles.chained()).pass().written())
                .as("nothing is chained after itself")
                .containsExactly(primary);
        installer.uninstall();
        assertThat(node.names()).containsExactly("10-calico.conflist");
    }

    @Test
    void ownsAFileThatFollowsThePrimary() throws IOException {
        Installer installer = node.installer(new ConfigPlacement.Owned("", "02-istio-cni.conflist"));
        assertThat(installer.pass().waitingFor()).isNotEmpty();
        Path primary = node.primary("10-calico.conflist");
        byte[] before = Files.readAllBytes(primary);
        installer.pass();
        Path owned = node.net.resolve("02-istio-cni.conflist");
        assertThat(NodeFiles.types(owned)).containsExactly("calico", "portmap", "bandwidth", "istio-cni");
        assertThat(primary).hasBinaryContent(before);

        Files.writeString(primary, Files.readString(primary).replace("\"mtu\": 0", "\"mtu\": 1440"));
        assertThat(installer.pass().written()).containsExactly(owned);
        assertThat(Files.readString(owned)).contains("1440");

        Files.delete(primary);
        assertThat(installer.pass().waitingFor()).isNotEmpty();
        assertThat(owned).as("without it pods would start outside the mesh").exists();

        node.primary("00-multus.conf");
        assertThatThrownBy(installer::pass)
                .isInstanceOf(InstallException.class)
                .hasMessageContaining("00-multus.conf sorts before 02-istio-cni.conflist")
                .hasMessageContaining("ISTIO_OWNED_CNI_CONFIG_FILENAME");
        installer.uninstall();
        assertThat(node.names()).containsExactly("00-multus.conf");
    }

    @Test
    void namesNoExecutableThatIsNotThere() throws IOException {
        Path primary = node.primary("10-calico.conflist");
        Files.delete(node.plugin);
        Installer installer = node.installer(NodeFiles.chained());
        assertThatThrownBy(installer::pass)
                .isInstanceOfSatisfying(
                        InstallException.class,
                        e -> assertThat(e.step()).isEqualTo(InstallException.Step.COPY_BINARIES_FAILURE))
                .hasMessageContaining(node.plugin.toString());
        assertThat(NodeFiles.types(primary)).doesNotContain("istio-cni");
        assertThat(node.run.resolve("istio-cni-kubeconfig"))
                .as("what can be done is done")
                .exists();
    }

    @Test
    void chainsThePluginAlsoWithoutAToken() throws IOException {
        Path primary = node.primary("10-calico.conflist");
        Files.delete(node.account.resolve("token"));
        assertThatThrownBy(node.installer(NodeFiles.chained())::pass)
                .hasMessageContaining("kubeconfig")
                .hasMessageContaining("token");
        assertThat(NodeFiles.types(primary)).contains("istio-cni");
    }

    @Test
    void removesWhatAKilledProcessLeft() throws IOException {
        Path primary = node.primary("10-calico.conflist");
        Path leftover = Files.writeString(node.net.resolve("10-calico.conflist.tmp.123"), "half");
        Path plugin = Files.writeString(node.bin.resolve("istio-cni.tmp.77"), "half");
        Path foreign = Files.writeString(node.bin.resolve("other.tmp.1"), "not ours");
        node.installer(NodeFiles.chained()).pass();
        assertThat(List.of(leftover, plugin)).noneMatch(Files::exists);
        assertThat(foreign).exists();
        assertThat(primary).exists();
    }

    @Test
    void saysWhichDirectoryIsMissing() throws IOException {
        Files.delete(node.net);
        assertThatThrownBy(node.installer(NodeFiles.chained())::pass)
                .isInstanceOfSatisfying(
                        InstallException.class,
                        e -> assertThat(e.step()).isEqualTo(InstallException.Step.CREATE_CNI_CONFIG_FAILURE))
                .hasMessageContaining("MOUNTED_CNI_NET_DIR");
    }

    @Test
    void neverWritesOverWhatChangedMeanwhile() throws IOException {
        Path file = node.primary("10-calico.conflist");
        NetDirectory directory = new NetDirectory(node.net);
        NetworkConfigFile seen = directory.all().getFirst();
        Files.writeString(file, Files.readString(file).replace("\"mtu\": 0", "\"mtu\": 1440"));
        String newer = Files.readString(file);
        assertThatThrownBy(() -> AtomicFile.rewrite(
                        file, ConfigJson.bytes(seen.content()), () -> directory.checkUnchanged(seen)))
                .hasMessageContaining("changes while it is being read");
        assertThat(file).hasContent(newer);
        assertThat(node.names()).as("no leftover").containsExactly("10-calico.conflist");
    }
}
