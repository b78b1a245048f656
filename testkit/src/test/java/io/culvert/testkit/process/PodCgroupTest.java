package io.culvert.testkit.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("netns")
final class PodCgroupTest {
    private static final String CONTAINER = "0123456789abcdef".repeat(4);

    private final String prefix = "cvttest" + UUID.randomUUID().toString().substring(0, 8);
    private final String uid = UUID.randomUUID().toString();

    @TempDir
    Path directory;

    @BeforeEach
    void needsCgroups() {
        assumeTrue(PodCgroup.available(), "no writable cgroup hierarchy: cgroup tests were not run");
    }

    @AfterEach
    void sweep() {
        PodCgroup.sweep(prefix);
    }

    @Test
    void processShowsTheKubeletsPath() throws IOException {
        try (Child pause = pause();
                PodCgroup cgroup = PodCgroup.create(prefix, uid, CONTAINER)) {
            cgroup.add(pause.pid());
            assertThat(Files.readString(Path.of("/proc", Long.toString(pause.pid()), "cgroup")))
                    .contains("/kubepods/burstable/pod" + uid + "/" + CONTAINER + "\n");
            pause.kill();
        }
        PodCgroup.sweep(prefix);
        assertThat(groupsOf(prefix)).isEmpty();
    }

    @Test
    void sweepRemovesEverythingOfItsPrefixAndNothingElse() throws IOException {
        String other = prefix + "x";
        try {
            var _ = PodCgroup.create(prefix, uid, CONTAINER);
            var _ = PodCgroup.create(other, uid, CONTAINER);
            PodCgroup.sweep(prefix);
            assertThat(groupsOf(prefix)).isEmpty();
            assertThat(groupsOf(other)).isNotEmpty();
        } finally {
            PodCgroup.sweep(other);
        }
    }

    private Child pause() throws IOException {
        return Spawner.start(
                new Program("pause", List.of("sleep", "1000"), Map.of(), directory, directory.resolve("pause.log")));
    }

    private static List<Path> groupsOf(String prefix) {
        return Stream.of("", "unified", "systemd", "pids")
                .map(hierarchy -> Path.of("/sys/fs/cgroup", hierarchy, prefix))
                .filter(Files::exists)
                .toList();
    }
}
