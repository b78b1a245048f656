package io.culvert.agent.install;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.culvert.agent.eligibility.SelectorYaml;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** The directories of a node that an installer works on. */
final class NodeFiles {
    static final List<String> PRIMARIES = List.of(
            "00-multus.conf",
            "05-cilium.conflist",
            "10-aws.conflist",
            "10-azure.conflist",
            "10-calico.conflist",
            "10-flannel.conflist",
            "10-gke-ptp.conflist",
            "10-kindnet.conflist");

    final Path net;
    final Path bin;
    final Path run;
    final Path account;
    final Path plugin;

    NodeFiles(Path root) throws IOException {
        net = Files.createDirectories(root.resolve("net.d"));
        bin = Files.createDirectories(root.resolve("bin"));
        run = Files.createDirectories(root.resolve("run"));
        account = Files.createDirectories(root.resolve("account"));
        plugin = root.resolve("image-plugin");
        Files.writeString(plugin, "#!plugin, version 1");
        Files.setPosixFilePermissions(plugin, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(account.resolve("token"), "token-1\n");
        Files.writeString(account.resolve("ca.crt"), "CA");
    }

    InstallSettings settings(ConfigPlacement placement) {
        return settings(placement, "https://10.96.0.1:443");
    }

    InstallSettings settings(ConfigPlacement placement, String apiServer) {
        return new InstallSettings(
                true,
                plugin,
                bin,
                net,
                run,
                account,
                placement,
                false,
                apiServer,
                "",
                false,
                PosixFilePermissions.fromString("rw-------"),
                new InstallSettings.Entry(
                        "info", run, true, SelectorYaml.parse("""
                                - podSelector:
                                    matchLabels:
                                      istio.io/dataplane-mode: ambient
                                """), Set.of("kube-system", "a"), "istio-system", false));
    }

    Installer installer(ConfigPlacement placement) {
        return new Installer(settings(placement));
    }

    static ConfigPlacement chained() {
        return new ConfigPlacement.Chained("");
    }

    /** Puts one of {@link #PRIMARIES} in place. */
    Path primary(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(NodeFiles.class.getResourceAsStream("/cni/" + name), name)) {
            Path file = net.resolve(name);
            Files.write(file, in.readAllBytes());
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
            return file;
        }
    }

    /** The base names in the directory of configurations, sorted. */
    List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(net)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    static JsonObject json(Path file) throws IOException {
        return ConfigJson.parse(Files.readString(file, StandardCharsets.UTF_8));
    }

    static List<String> types(Path file) throws IOException {
        JsonArray plugins = json(file).getAsJsonArray("plugins");
        return plugins.asList().stream()
                .map(JsonElement::getAsJsonObject)
                .map(plugin -> plugin.get("type").getAsString())
                .toList();
    }
}
