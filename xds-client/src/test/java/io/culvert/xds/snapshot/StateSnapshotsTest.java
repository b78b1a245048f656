package io.culvert.xds.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.xds.channel.ManualLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that outlives processes, on a clock that the test moves. */
final class StateSnapshotsTest {
    private static final String ADDRESS = "type.googleapis.com/istio.workload.Address";
    private static final String POLICY = "type.googleapis.com/istio.security.Authorization";
    private static final SnapshotConfig.Owner OWNER = new SnapshotConfig.Owner("node-a", "Kubernetes");
    private static final Duration HOUR = Duration.ofHours(1);

    private final ManualLoop loop = new ManualLoop();

    @TempDir
    private Path directory;

    private Path file;
    private StateSnapshots snapshots;

    @BeforeEach
    void begin() {
        file = directory.resolve("state");
        snapshots = begin(OWNER);
        assertThat(restored(snapshots)).isEmpty();
    }

    private StateSnapshots begin(SnapshotConfig.Owner owner) {
        return new StateSnapshots(new SnapshotConfig(file, owner, HOUR, Duration.ofSeconds(30)), loop, Runnable::run);
    }

    /** What a new process finds: version by name. */
    private Map<String, String> restored() {
        return restored(begin(OWNER));
    }

    private Map<String, String> restored(StateSnapshots by) {
        Map<String, String> found = new TreeMap<>();
        loop.execute(() -> by.restore(kept -> {
            assertThat(kept.getTypeUrl()).isIn(ADDRESS, POLICY);
            for (Resource resource : kept.getResourcesList()) {
                found.put(resource.getName(), resource.getVersion());
            }
        }));
        loop.run();
        return found;
    }

    private static Resource resource(String name, String version, int bytes) {
        return Resource.newBuilder()
                .setName(name)
                .setVersion(version)
                .setResource(Any.newBuilder().setValue(ByteString.copyFrom(new byte[bytes])))
                .build();
    }

    private static DeltaDiscoveryResponse change(String type, Resource... resources) {
        return DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(type)
                .addAllResources(List.of(resources))
                .build();
    }

    private static DeltaDiscoveryResponse removal(String type, String... names) {
        return DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(type)
                .addAllRemovedResources(List.of(names))
                .build();
    }

    /** Two workloads and a policy, accepted and written. */
    private void keepThree() {
        snapshots.connected(true);
        snapshots.accepted(change(ADDRESS, resource("a", "1", 10), resource("b", "1", 10)));
        snapshots.accepted(change(POLICY, resource("p", "", 10)));
        snapshots.synced();
        loop.advance(StateSnapshots.TICK);
        assertThat(snapshots.counters().writes()).isEqualTo(1);
    }

    @Test
    void givesTheNextProcessWhatItKept() throws IOException {
        keepThree();

        assertThat(restored()).isEqualTo(Map.of("a", "1", "b", "1", "p", ""));
        assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
        assertThat(directory.toFile().list()).containsExactly("state");
    }

    @Test
    void writesNothingBeforeEveryTypeWasAccepted() {
        snapshots.accepted(change(ADDRESS, resource("a", "1", 10)));
        loop.advance(HOUR);

        assertThat(file).doesNotExist();
    }

    @Test
    void mergesWhatChanges() {
        keepThree();
        snapshots.accepted(change(ADDRESS, resource("b", "2", 10), resource("c", "1", 10)));
        snapshots.accepted(change(ADDRESS, resource("b", "3", 10)));
        snapshots.accepted(removal(ADDRESS, "a"));
        // Of another type, though of the same name.
        snapshots.accepted(removal(POLICY, "b"));
        loop.advance(Duration.ofMinutes(1));

        assertThat(restored()).isEqualTo(Map.of("b", "3", "c", "1", "p", ""));
    }

    @Test
    void aProcessThatRestoredItContinuesItWithoutAControlPlane() {
        keepThree();
        StateSnapshots next = begin(OWNER);
        restored(next);
        next.accepted(removal(ADDRESS, "a"));
        loop.advance(Duration.ofMinutes(1));

        assertThat(restored()).isEqualTo(Map.of("b", "1", "p", ""));
    }

    @Test
    void writesAtMostOnceInAnInterval() {
        keepThree();
        for (int second = 0; second < 600; second++) {
            snapshots.accepted(change(ADDRESS, resource("a", "v" + second, 10)));
            loop.advance(Duration.ofSeconds(1));
        }

        assertThat(snapshots.counters().writes()).isBetween(15L, 21L);
    }

    @Test
    void aLargeFileIsWrittenMoreRarely() {
        keepThree();
        int mebibyte = 1024 * 1024;
        snapshots.accepted(change(ADDRESS, resource("big", "0", 60 * mebibyte)));
        loop.advance(Duration.ofMinutes(1));
        long before = snapshots.counters().writes();
        for (int second = 0; second < 120; second++) {
            snapshots.accepted(change(ADDRESS, resource("a", "v" + second, 10)));
            loop.advance(Duration.ofSeconds(1));
        }

        assertThat(snapshots.counters().writes() - before).isBetween(1L, 2L);
        assertThat(restored()).containsKey("big");
    }

    @Test
    void itsTimeGoesOnWhileTheControlPlaneIsThereAndStopsWhenItIsNot() {
        keepThree();
        loop.advance(Duration.ofHours(5));
        assertThat(restored()).as("quiet for five hours").hasSize(3);

        snapshots.connected(false);
        loop.advance(Duration.ofMinutes(55));
        assertThat(restored()).as("away for 55 minutes").hasSize(3);
        loop.advance(Duration.ofMinutes(10));
        assertThat(restored()).as("away for longer than the bound").isEmpty();
    }

    @Test
    void ignoresWhatIsNotItsOwn() {
        keepThree();

        assertThat(restored(begin(new SnapshotConfig.Owner("node-b", "Kubernetes"))))
                .isEmpty();
        assertThat(restored(begin(new SnapshotConfig.Owner("node-a", "other")))).isEmpty();
        assertThat(restored()).hasSize(3);
    }

    @Test
    void ignoresOneThatIsYetToCome() {
        keepThree();
        loop.jump(HOUR.negated());

        assertThat(restored()).isEmpty();
    }

    @Test
    void neverTakesADamagedOneNotEvenInPart() throws IOException {
        keepThree();
        byte[] good = Files.readAllBytes(file);
        for (int at = 0; at < good.length; at++) {
            byte[] bad = good.clone();
            bad[at] ^= 0x41;
            Files.write(file, bad);
            assertThat(restored()).as("byte %d of %d", at, good.length).isEmpty();
        }
        for (int length = 0; length < good.length; length++) {
            Files.write(file, java.util.Arrays.copyOf(good, length));
            assertThat(restored()).as("cut at %d of %d", length, good.length).isEmpty();
        }
        Files.write(file, java.util.Arrays.copyOf(good, good.length + 1));
        assertThat(restored()).as("longer").isEmpty();
    }

    @Test
    void aFileThatCannotBeWrittenIsTriedAgainWithAllThatChangedMeanwhile() throws IOException {
        keepThree();
        // A directory that is not empty stands where the new file is to be made.
        Path obstacle = Files.createDirectories(directory.resolve("state.new/full"));
        snapshots.accepted(change(ADDRESS, resource("a", "2", 10), resource("d", "1", 10)));
        loop.advance(Duration.ofMinutes(2));
        snapshots.accepted(change(ADDRESS, resource("a", "3", 10)));
        loop.advance(Duration.ofMinutes(2));
        assertThat(snapshots.counters().failures()).isBetween(1L, 8L);
        assertThat(restored()).containsEntry("a", "1");

        Files.delete(obstacle);
        Files.delete(directory.resolve("state.new"));
        loop.advance(Duration.ofMinutes(10));
        assertThat(restored()).containsEntry("a", "3").containsEntry("d", "1").hasSize(4);
    }

    @Test
    void aDiskThatStaysFullDoesNotFillTheMemory() throws IOException {
        keepThree();
        Files.createDirectories(directory.resolve("state.new/full"));
        for (int i = 0; i < 40; i++) {
            snapshots.accepted(change(ADDRESS, resource("w" + i, "1", 512 * 1024)));
            loop.advance(Duration.ofMinutes(1));
        }

        assertThat(snapshots.counters().givenUp()).isTrue();
        assertThat(restored()).as("what was written last stands, and ages").hasSize(3);
        assertThat(loop.delayedTasks()).isLessThan(5);
    }

    @Test
    void isGivenUpWhenSomebodyRemovesItsFile() throws IOException {
        keepThree();
        Files.delete(file);
        snapshots.accepted(change(ADDRESS, resource("a", "2", 10)));
        loop.advance(Duration.ofMinutes(1));

        assertThat(snapshots.counters().givenUp()).isTrue();
        assertThat(file)
                .as("one with a single workload would be taken for the mesh")
                .doesNotExist();
    }

    @Test
    void isGivenUpWhenSomebodyRemovesItsFileAndNothingChanges() throws IOException {
        keepThree();
        Files.delete(file);
        loop.advance(Duration.ofMinutes(2));

        assertThat(snapshots.counters().givenUp()).isTrue();
    }

    @Test
    void comesBackWhenTheControlPlaneHasSaidEverythingAnew() throws IOException {
        List<String> asked = new ArrayList<>();
        snapshots.attached(() -> asked.add("everything"));
        keepThree();
        Files.delete(file);
        snapshots.accepted(change(ADDRESS, resource("lost", "1", 10)));
        loop.advance(Duration.ofMinutes(3));
        assertThat(asked).as("once, and then it is waited for").hasSize(1);

        snapshots.accepted(change(ADDRESS, resource("a", "5", 10)));
        loop.advance(HOUR);
        assertThat(file).as("no policies have come").doesNotExist();
        snapshots.accepted(change(POLICY, resource("q", "", 10)));
        snapshots.toldAnew(true);
        loop.advance(StateSnapshots.TICK);

        assertThat(snapshots.counters().givenUp()).isFalse();
        assertThat(restored()).isEqualTo(Map.of("a", "5", "q", ""));
    }

    @Test
    void asksForNothingWhileItCouldNotBeWritten() throws IOException {
        List<String> asked = new ArrayList<>();
        snapshots.attached(() -> asked.add("everything"));
        keepThree();
        Files.delete(file);
        Path obstacle = Files.createDirectories(directory.resolve("state.new/full"));
        loop.advance(HOUR);
        assertThat(asked).isEmpty();

        Files.delete(obstacle);
        loop.advance(Duration.ofMinutes(2));
        assertThat(asked).hasSize(1);
    }

    @Test
    void asksLessAndLessOftenWhileNotAllCanBeUsed() throws IOException {
        List<String> asked = new ArrayList<>();
        snapshots.attached(() -> asked.add("everything"));
        keepThree();
        Files.delete(file);
        for (int minute = 0; minute < 8 * 60; minute++) {
            loop.advance(Duration.ofMinutes(1));
            snapshots.toldAnew(false);
        }

        assertThat(asked).hasSizeBetween(10, 16);
        assertThat(file).doesNotExist();
    }
}
