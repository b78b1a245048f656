package io.culvert.agent.install;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The directory of network configurations, as the container runtime reads it: the first valid file by name counts. */
final class NetDirectory {
    /** A node has one to a handful; the rest of so many is not looked at. */
    private static final int FILES_MAX = 1_000;

    private static final Logger log = LoggerFactory.getLogger(NetDirectory.class);

    private final Path directory;
    /** Why a file is passed over, so that it is said once and not at each pass. */
    private final Map<Path, String> passedOver = new HashMap<>();

    NetDirectory(Path directory) {
        this.directory = directory;
    }

    /** All valid configurations by name. */
    List<NetworkConfigFile> all() throws IOException {
        List<Path> candidates;
        try (Stream<Path> entries = Files.list(directory)) {
            candidates = entries.filter(NetworkConfigFile::isCandidate)
                    .limit(FILES_MAX)
                    .sorted(Comparator.comparing(path -> path.getFileName().toString()))
                    .toList();
        } catch (NoSuchFileException e) {
            throw new IOException(
                    "the directory " + directory + " is not there; mount the node's directory of CNI configurations"
                            + " (usually /etc/cni/net.d), and name the place in MOUNTED_CNI_NET_DIR",
                    e);
        }
        List<NetworkConfigFile> files = new ArrayList<>();
        for (Path candidate : candidates) {
            try {
                files.add(NetworkConfigFile.read(candidate));
                passedOver.remove(candidate);
            } catch (IOException e) {
                String reason = e instanceof NoSuchFileException ? "it has just gone" : String.valueOf(e.getMessage());
                if (!reason.equals(passedOver.put(candidate, reason))) {
                    log.warn("{} is passed over: {}", candidate, reason);
                }
            }
        }
        return files;
    }

    /** Those of other programs, but for one of this base name. */
    List<NetworkConfigFile> primaries(String except) throws IOException {
        return all().stream()
                .filter(file -> !file.name().equals(except) && !file.isOursAlone())
                .toList();
    }

    /** The one of this name or, failing that, with its other extension; the first if the name is empty. */
    static @Nullable NetworkConfigFile choose(List<NetworkConfigFile> files, String name) {
        if (name.isEmpty()) {
            return files.isEmpty() ? null : files.getFirst();
        }
        for (String wanted : List.of(name, NetworkConfigFile.sibling(name))) {
            for (NetworkConfigFile file : files) {
                if (file.name().equals(wanted)) {
                    return file;
                }
            }
        }
        return null;
    }

    /** What to say where {@link #choose} finds nothing. */
    String missing(String name) {
        return name.isEmpty()
                ? "a network configuration of the cluster's own CNI in " + directory
                : "the network configuration " + directory.resolve(name) + ", which CNI_CONF_NAME names";
    }

    boolean holds(Path file, JsonObject content) {
        try {
            return NetworkConfigFile.read(file).content().equals(content);
        } catch (IOException e) {
            return false;
        }
    }

    /** Another program may have written it since; then its work must not be undone. */
    void checkUnchanged(NetworkConfigFile file) throws IOException {
        if (!holds(file.path(), file.content())) {
            throw new IOException(file.path() + " changes while it is being read; it is looked at again");
        }
    }
}
