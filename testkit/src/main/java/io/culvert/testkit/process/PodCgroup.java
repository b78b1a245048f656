package io.culvert.testkit.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The cgroups of one pod's pause container, in the shape that the kubelet's cgroupfs driver gives them:
 * {@code /PREFIX/kubepods/burstable/podUID/CONTAINER}. The agent finds existing pods by that path (istio-cni:
 * cni/pkg/nodeagent/podcgroupns_linux.go). The prefix on top keeps meshes apart and makes clearing up one walk.
 *
 * <p>Made in every hierarchy of {@link #HIERARCHIES} that is mounted and writable, so that a pid's cgroup file shows
 * the pod in one line or several, as on a real node. Needs root; elsewhere {@link #available} is false and pods go
 * without.
 */
public final class PodCgroup implements AutoCloseable {
    /**
     * Version 2 alone, version 2 beside version 1, and two hierarchies of version 1 that need no set-up to take a
     * process.
     */
    private static final List<Path> HIERARCHIES = List.of(
            Path.of("/sys/fs/cgroup"),
            Path.of("/sys/fs/cgroup/unified"),
            Path.of("/sys/fs/cgroup/systemd"),
            Path.of("/sys/fs/cgroup/pids"));

    private static final Duration EMPTY_LIMIT = Duration.ofSeconds(5);

    private final List<Path> groups;

    private PodCgroup(List<Path> groups) {
        this.groups = groups;
    }

    public static boolean available() {
        return !mounted().isEmpty();
    }

    /**
     * Makes the groups.
     *
     * @param prefix of the mesh, one path segment
     * @param podUid 8-4-4-4-12 hex
     * @param containerId 64 hex digits
     */
    public static PodCgroup create(String prefix, String podUid, String containerId) throws IOException {
        List<Path> groups = new ArrayList<>();
        for (Path hierarchy : mounted()) {
            Path group = hierarchy.resolve(prefix).resolve("kubepods/burstable/pod" + podUid + "/" + containerId);
            Files.createDirectories(group);
            groups.add(group);
        }
        return new PodCgroup(groups);
    }

    /** Moves a process in. */
    public void add(long pid) throws IOException {
        for (Path group : groups) {
            Files.writeString(
                    group.resolve("cgroup.procs"),
                    Long.toString(pid),
                    StandardCharsets.US_ASCII,
                    StandardOpenOption.WRITE);
        }
    }

    /** Removes the pod's groups; its processes must have ended. A group that stays busy is left to {@link #sweep}. */
    @Override
    public void close() {
        for (Path group : groups) {
            removeOnceEmpty(group);
            removeOnceEmpty(group.resolve("..").normalize());
        }
    }

    /**
     * Removes everything under {@code prefix} in every hierarchy: the end of a mesh, or what a killed one left behind.
     */
    public static void sweep(String prefix) {
        for (Path hierarchy : mounted()) {
            Path top = hierarchy.resolve(prefix);
            if (Files.isDirectory(top)) {
                for (Path group : deepestFirst(top)) {
                    removeOnceEmpty(group);
                }
            }
        }
    }

    private static List<Path> mounted() {
        return HIERARCHIES.stream()
                .filter(top -> Files.exists(top.resolve("cgroup.procs")) && Files.isWritable(top))
                .toList();
    }

    private static List<Path> deepestFirst(Path top) {
        try (Stream<Path> tree = Files.walk(top)) {
            return tree.filter(Files::isDirectory).toList().reversed();
        } catch (IOException unreadable) {
            return List.of();
        }
    }

    /** A group is busy for a moment after its last process ended. */
    private static void removeOnceEmpty(Path group) {
        try {
            Await.untilTrue("removal of " + group, EMPTY_LIMIT, () -> removed(group), () -> "it still holds a process");
        } catch (Await.NotInTimeException busy) {
            // Left to the sweep of a later start.
        }
    }

    private static boolean removed(Path group) throws IOException {
        try {
            Files.delete(group);
            return true;
        } catch (NoSuchFileException gone) {
            return true;
        } catch (DirectoryNotEmptyException | SecurityException never) {
            return true;
        } catch (FileSystemException busy) {
            return false;
        }
    }
}
