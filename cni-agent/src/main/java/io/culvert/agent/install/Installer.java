package io.culvert.agent.install;

import com.google.gson.JsonObject;
import io.culvert.agent.install.InstallException.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares what is on the node with what should be there, and writes what differs: the plugin's executable, the
 * kubeconfig beside it, our entry in the network configuration. Nothing is written where nothing differs, so a pass may
 * be made at any time and as often as one likes.
 *
 * <p>The executable comes first, and a configuration names it only when it is there. A step that fails stops no other:
 * a token that cannot be read must not leave pods without the plugin. One thread at a time.
 */
public final class Installer {
    private static final Logger log = LoggerFactory.getLogger(Installer.class);

    private final InstallSettings settings;
    private final NetDirectory directory;
    private String said = "";

    public Installer(InstallSettings settings) {
        this.settings = settings;
        this.directory = new NetDirectory(settings.netDirectory());
    }

    /**
     * What a pass came to.
     *
     * @param waitingFor empty where all is installed
     * @param written what was not as it should be
     */
    public record Outcome(String waitingFor, List<Path> written) {}

    /**
     * One pass.
     *
     * @throws InstallException for the first step that failed; the others were done
     */
    public Outcome pass() throws InstallException {
        List<Path> written = new ArrayList<>();
        List<InstallException> failures = new ArrayList<>();
        attempt(Step.COPY_BINARIES_FAILURE, "copying the CNI plugin", failures, () -> copyPlugin(written));
        attempt(Step.CREATE_KUBECONFIG_FAILURE, "writing the kubeconfig", failures, () -> writeKubeconfig(written));
        String[] waitingFor = {""};
        if (Files.isExecutable(settings.installedPlugin())) {
            attempt(
                    Step.CREATE_CNI_CONFIG_FAILURE,
                    "chaining the plugin",
                    failures,
                    () -> waitingFor[0] = configure(written));
        }
        if (!failures.isEmpty()) {
            failures.stream().skip(1).forEach(failures.getFirst()::addSuppressed);
            throw failures.getFirst();
        }
        return new Outcome(waitingFor[0], List.copyOf(written));
    }

    /** A part of the work. */
    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    private static void attempt(Step step, String what, List<InstallException> failures, Work work) {
        try {
            work.run();
        } catch (IOException e) {
            failures.add(new InstallException(step, what, e));
        }
    }

    private void copyPlugin(List<Path> written) throws IOException {
        Path source = settings.plugin();
        Path target = settings.installedPlugin();
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(source);
        if (Files.isRegularFile(target)
                && Files.mismatch(source, target) < 0
                && Files.getPosixFilePermissions(target).equals(mode)) {
            return;
        }
        AtomicFile.write(target, Files.readAllBytes(source), mode);
        written.add(target);
    }

    private void writeKubeconfig(List<Path> written) throws IOException {
        Path file = settings.kubeconfig();
        byte[] wanted = PluginKubeconfig.yaml(settings);
        if (Files.isRegularFile(file)
                && Arrays.equals(Files.readAllBytes(file), wanted)
                && Files.getPosixFilePermissions(file).equals(settings.kubeconfigMode())) {
            return;
        }
        Files.createDirectories(settings.runDirectory());
        AtomicFile.write(file, wanted, settings.kubeconfigMode());
        written.add(file);
    }

    /** What is still waited for; empty where our entry is in place. */
    private String configure(List<Path> written) throws IOException {
        JsonObject entry = PluginEntry.json(settings.entry());
        return switch (settings.placement()) {
            case ConfigPlacement.Standalone(String name) ->
                writeOurs(settings.netDirectory().resolve(name), entry, written);
            case ConfigPlacement.Chained(String name) -> chain(name, entry, written);
            case ConfigPlacement.Owned(String primary, String name) -> own(primary, name, entry, written);
        };
    }

    private String writeOurs(Path file, JsonObject content, List<Path> written) throws IOException {
        if (!directory.holds(file, content)) {
            AtomicFile.write(file, ConfigJson.bytes(content), ownMode());
            written.add(file);
        }
        return "";
    }

    private Set<PosixFilePermission> ownMode() {
        Set<PosixFilePermission> owner = Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
        return settings.configReadableByGroup()
                ? Set.of(
                        PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.GROUP_READ)
                : owner;
    }

    private String chain(String name, JsonObject entry, List<Path> written) throws IOException {
        List<NetworkConfigFile> files = directory.primaries("");
        NetworkConfigFile primary = NetDirectory.choose(files, name);
        if (primary == null) {
            return directory.missing(name);
        }
        if (!files.getFirst().equals(primary)) {
            sayOnce(files.getFirst().path() + " sorts before " + primary.path() + ", which CNI_CONF_NAME names: unless"
                    + " something refers to the latter, the container runtime does not execute our plugin");
        }
        JsonObject wanted = primary.chained(entry);
        if (primary.isList() && primary.content().equals(wanted)) {
            return "";
        }
        Path target = primary.chainedPath();
        AtomicFile.LastLook unchanged = () -> directory.checkUnchanged(primary);
        if (primary.isList()) {
            AtomicFile.rewrite(target, ConfigJson.bytes(wanted), unchanged);
        } else {
            // Sorts behind the single plugin's file, which the runtime goes on using until it is gone.
            AtomicFile.write(
                    target, ConfigJson.bytes(wanted), Files.getPosixFilePermissions(primary.path()), unchanged);
            AtomicFile.delete(primary.path());
        }
        written.add(target);
        return "";
    }

    private String own(String primaryName, String name, JsonObject entry, List<Path> written) throws IOException {
        Path file = settings.netDirectory().resolve(name);
        List<NetworkConfigFile> files = directory.primaries(name);
        NetworkConfigFile primary = NetDirectory.choose(files, primaryName);
        if (primary == null) {
            // A file of ours that is there stays: without it pods would start outside the mesh.
            return directory.missing(primaryName);
        }
        String waiting = writeOurs(file, primary.chained(entry), written);
        String first = files.getFirst().name();
        if (first.compareTo(name) < 0) {
            throw new IOException(files.getFirst().path() + " sorts before " + name + ", so the container runtime uses"
                    + " that one; name ours by ISTIO_OWNED_CNI_CONFIG_FILENAME so that it comes first");
        }
        return waiting;
    }

    private void sayOnce(String warning) {
        if (!said.equals(warning)) {
            said = warning;
            log.warn("{}", warning);
        }
    }

    /**
     * Takes our entry out of every configuration, and deletes the files that are ours alone, the kubeconfig and the
     * executable; nothing else changes. In this order: a configuration never names an executable that is gone.
     *
     * @return what was changed or deleted
     * @throws InstallException for the first step that failed; the others were done, as far as they may be
     */
    public List<Path> uninstall() throws InstallException {
        List<Path> changed = new ArrayList<>();
        List<InstallException> failures = new ArrayList<>();
        String what = "taking the plugin out of the network configuration";
        attempt(Step.CREATE_CNI_CONFIG_FAILURE, what, failures, () -> removeEntries(changed));
        attempt(Step.CREATE_KUBECONFIG_FAILURE, "deleting the kubeconfig", failures, () -> {
            delete(settings.kubeconfig(), changed);
        });
        if (failures.stream().noneMatch(failure -> failure.step() == Step.CREATE_CNI_CONFIG_FAILURE)) {
            attempt(Step.COPY_BINARIES_FAILURE, "deleting the CNI plugin", failures, () -> {
                delete(settings.installedPlugin(), changed);
            });
        }
        if (!failures.isEmpty()) {
            failures.stream().skip(1).forEach(failures.getFirst()::addSuppressed);
            throw failures.getFirst();
        }
        return List.copyOf(changed);
    }

    private void removeEntries(List<Path> changed) throws IOException {
        String owned = settings.placement() instanceof ConfigPlacement.Owned(var _, String name) ? name : "";
        for (NetworkConfigFile file : directory.all()) {
            if (file.name().equals(owned) || file.isOursAlone()) {
                delete(file.path(), changed);
            } else if (file.holdsOurs()) {
                AtomicFile.rewrite(
                        file.path(), ConfigJson.bytes(file.unchained()), () -> directory.checkUnchanged(file));
                changed.add(file.path());
            }
        }
    }

    private static void delete(Path file, List<Path> changed) throws IOException {
        if (Files.exists(file)) {
            AtomicFile.delete(file);
            changed.add(file);
        }
    }
}
