package io.culvert.testkit.network;

import io.culvert.linux.KernelException;
import io.culvert.linux.Mounts;
import io.culvert.linux.Netns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network namespace with a path: what a container runtime hands to a CNI plugin as CNI_NETNS, and what
 * {@code nsenter --net} takes. As root in the initial user namespace it is {@code /run/netns/PREFIX-NAME}, where
 * {@code ip netns} and agents look; elsewhere it is in the mesh's own directory.
 */
public final class NamedNetns implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NamedNetns.class);
    private static final Path SHARED = Path.of("/run/netns");

    private final Netns netns;
    private final Path path;

    private NamedNetns(Netns netns, Path path) {
        this.netns = netns;
        this.path = path;
    }

    /** A new, empty namespace under the name {@code PREFIX-name}. */
    static NamedNetns create(RunDirectory run, String name) throws IOException {
        Path path = directory(run).resolve(run.prefix() + "-" + name);
        Files.createFile(path);
        try {
            Netns netns = Netns.create();
            try {
                Mounts.bind(netns, path);
                return new NamedNetns(netns, path);
            } catch (KernelException failure) {
                netns.close();
                throw failure;
            }
        } catch (KernelException failure) {
            RunDirectory.deleteQuietly(path);
            throw failure;
        }
    }

    private static Path directory(RunDirectory run) {
        try {
            return Files.isWritable(Files.createDirectories(SHARED)) ? SHARED : run.directory("netns");
        } catch (IOException notOurs) {
            return run.directory("netns");
        }
    }

    public Netns netns() {
        return netns;
    }

    public Path path() {
        return path;
    }

    /** Takes the name away and lets go of the namespace, which ends when its last process and socket do. */
    @Override
    public void close() {
        remove(path);
        netns.close();
    }

    /** The paths that a mesh of this directory may have left. */
    static List<Path> leftBy(Path runDirectory) {
        List<Path> left = new ArrayList<>();
        String prefix = runDirectory.getFileName() + "-";
        for (Path directory : List.of(SHARED, runDirectory.resolve("netns"))) {
            try (Stream<Path> names = Files.list(directory)) {
                names.filter(name -> String.valueOf(name.getFileName()).startsWith(prefix))
                        .forEach(left::add);
            } catch (IOException none) {
                log.debug("no names in {}", directory);
            }
        }
        return left;
    }

    static void remove(Path path) {
        try {
            Mounts.unmount(path);
        } catch (KernelException notMounted) {
            log.debug("{}", notMounted.getMessage());
        }
        RunDirectory.deleteQuietly(path);
    }
}
