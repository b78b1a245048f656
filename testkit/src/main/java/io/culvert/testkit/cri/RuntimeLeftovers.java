package io.culvert.testkit.cri;

import io.culvert.testkit.process.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a container runtime leaves behind when it ends: shims, mounts, cgroups. All bear our directory's name. */
final class RuntimeLeftovers {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
    private static final Logger log = LoggerFactory.getLogger(RuntimeLeftovers.class);

    private RuntimeLeftovers() {}

    static void sweep(Path directory, String cgroup) {
        try {
            endShims(directory);
            unmountAll(directory);
            removeGroups(cgroup);
        } catch (IOException | RuntimeException e) {
            log.warn("something of the container runtime is left: {}", e.toString());
        }
    }

    /** They are children of nobody; their command line names the socket of the containerd that started them. */
    private static void endShims(Path directory) throws IOException {
        List<ProcessHandle> shims = new ArrayList<>();
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            for (Path process : processes.toList()) {
                String pid = process.getFileName().toString();
                if (pid.chars().allMatch(Character::isDigit) && isShim(process, directory)) {
                    ProcessHandle.of(Long.parseLong(pid)).ifPresent(shims::add);
                }
            }
        }
        shims.forEach(ProcessHandle::destroyForcibly);
        Await.untilTrue("the end of shims", LIMIT, () -> shims.stream().noneMatch(ProcessHandle::isAlive), () -> "");
    }

    private static boolean isShim(Path process, Path directory) {
        try {
            String command = Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
            return command.contains("containerd-shim") && command.contains(directory + "/");
        } catch (IOException gone) {
            return false;
        }
    }

    private static void unmountAll(Path directory) throws IOException {
        List<String> points = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
            String point = line.split(" ", -1)[4];
            if (point.startsWith(directory + "/")) {
                points.add(point);
            }
        }
        for (String point : points.reversed()) {
            Process umount = new ProcessBuilder("umount", "--lazy", point)
                    .redirectErrorStream(true)
                    .start();
            byte[] said = umount.getInputStream().readAllBytes();
            if (said.length > 0) {
                log.warn("{}", new String(said, StandardCharsets.UTF_8).strip());
            }
        }
    }

    private static List<Path> hierarchies() throws IOException {
        List<Path> all = new ArrayList<>();
        if (Files.exists(CGROUPS.resolve("cgroup.procs"))) {
            all.add(CGROUPS);
            return all;
        }
        try (Stream<Path> mounted = Files.list(CGROUPS)) {
            mounted.filter(Files::isDirectory).forEach(all::add);
        }
        return all;
    }

    /** Groups with a process in them, or of containers, which have long names. */
    static List<Path> containerGroups(String cgroup) throws IOException {
        return groups(cgroup).stream()
                .filter(group -> group.getFileName().toString().length() == 64)
                .toList();
    }

    private static List<Path> groups(String cgroup) throws IOException {
        List<Path> all = new ArrayList<>();
        for (Path hierarchy : hierarchies()) {
            Path top = hierarchy.resolve(cgroup);
            if (Files.isDirectory(top)) {
                try (Stream<Path> tree = Files.walk(top)) {
                    tree.filter(Files::isDirectory).forEach(all::add);
                }
            }
        }
        return all;
    }

    private static void removeGroups(String cgroup) throws IOException {
        for (Path group : groups(cgroup).reversed()) {
            Await.untilTrue("removal of " + group, LIMIT, () -> removed(group), () -> "it still holds a process");
        }
    }

    private static boolean removed(Path group) throws IOException {
        try {
            Files.delete(group);
            return true;
        } catch (NoSuchFileException | DirectoryNotEmptyException gone) {
            return true;
        } catch (FileSystemException busy) {
            return false;
        }
    }
}
