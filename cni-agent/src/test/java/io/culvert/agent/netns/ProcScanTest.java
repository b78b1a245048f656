package io.culvert.agent.netns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.agent.kernel.Kernel;
import io.culvert.agent.kernel.TwoNamespaces;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodUid;
import io.culvert.agent.pod.Pods;
import io.culvert.linux.Netns;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A procfs made of files, whose namespaces are real. */
@Tag("netns")
final class ProcScanTest {
    private static final String UID = "2c48913c-b29f-11e7-9350-020968147796";
    private static final String OTHER = "3c48913c-b29f-11e7-9350-020968147796";

    @TempDir
    private Path proc;

    private final List<Netns> namespaces = new ArrayList<>();
    /** Which addresses are where. */
    private final Set<String> held = new HashSet<>();

    private final PodFacts pod = Pods.pod("shop", "cart", UID, "10.0.0.1", "fd00::1");
    private int descriptorsBefore;

    @BeforeEach
    void count() {
        Kernel.requireNamespaces();
        descriptorsBefore = Kernel.openDescriptors();
    }

    @AfterEach
    void leavesNoDescriptorBehind() {
        namespaces.forEach(Netns::close);
        assertThat(Kernel.openDescriptors()).isLessThanOrEqualTo(descriptorsBefore);
    }

    @Test
    void findsThePodOfAProcess() throws IOException {
        Netns netns = make("10.0.0.1");
        process(100, netns, 5, UID);
        process(101, make("10.0.0.2"), 5, OTHER);

        Map<PodUid, NetnsRef> found = scan().find(List.of(pod));
        assertThat(found).containsOnlyKeys(pod.uid());
        try (NetnsRef one = found(found)) {
            assertThat(one.id()).isEqualTo(netns.id());
        }
    }

    @Test
    void prefersTheOldestProcess() throws IOException {
        Netns oldest = make("10.0.0.1");
        process(100, make("10.0.0.1"), 70298999, UID);
        process(101, oldest, 70298968, UID);
        process(102, make("10.0.0.1"), 70298977, UID);

        try (NetnsRef one = found(scan().find(List.of(pod)))) {
            assertThat(one.id()).isEqualTo(oldest.id());
        }
    }

    @Test
    void refusesANamespaceThatHasNoneOfThePodsAddressesAndLetsItsOwnerClaimIt() throws IOException {
        Netns others = make("10.0.0.2");
        process(100, others, 1, UID);
        process(101, others, 2, OTHER);
        PodFacts owner = Pods.pod("shop", "owner", OTHER, "10.0.0.2");

        Map<PodUid, NetnsRef> found = scan().find(List.of(pod, owner));
        assertThat(found).containsOnlyKeys(owner.uid());
        found.values().forEach(NetnsRef::close);
    }

    @Test
    void neverReturnsTheHostsNamespace() throws IOException {
        Netns host = make("10.0.0.1");
        process(100, host, 1, UID);

        ProcScan scan = new ProcScan(proc, Set.of(host.id()), this::holdsAny);
        assertThat(scan.find(List.of(pod))).isEmpty();
        assertThat(scan.isHost(host.id())).isTrue();
    }

    @Test
    void refusesWhatItCannotLookInto() throws IOException {
        process(100, make("10.0.0.1"), 1, UID);
        ProcScan scan = new ProcScan(proc, Set.of(), (netns, ips) -> {
            throw new IOException("EPERM");
        });
        assertThat(scan.find(List.of(pod))).isEmpty();
    }

    @Test
    void doesNotLookForAPodWithoutAddress() throws IOException {
        process(100, make("10.0.0.1"), 1, UID);
        assertThat(scan().find(List.of(Pods.pod("shop", "cart", UID)))).isEmpty();
    }

    @Test
    void skipsProcessesThatCannotBeRead() throws IOException {
        Files.createDirectories(proc.resolve("99"));
        process(100, make("10.0.0.1"), 1, UID);
        Files.writeString(proc.resolve("100/stat"), "100 (a) S 1");
        process(101, make("10.0.0.1"), 1, UID);
        Files.delete(proc.resolve("101/cgroup"));
        process(102, make("10.0.0.1"), 1, UID);
        Files.writeString(proc.resolve("102/cgroup"), "garbage");
        process(103, make("10.0.0.1"), 1, UID);
        Files.delete(proc.resolve("103/ns/net"));
        Files.writeString(proc.resolve("103/ns/net"), "no namespace");
        Files.createDirectories(proc.resolve("self"));
        Netns good = make("10.0.0.1");
        process(104, good, 1, UID);

        try (NetnsRef one = found(scan().find(List.of(pod)))) {
            assertThat(one.id()).isEqualTo(good.id());
        }
    }

    @Test
    void readsTheStartTimeBehindAHostileCommandName() throws IOException {
        Files.createDirectories(proc.resolve("7"));
        Files.writeString(proc.resolve("7/stat"), stat("a) S 1 (b c) R", 4711));
        assertThat(new ProcEntry(proc.resolve("7")).startTime()).isEqualTo(4711);
    }

    @Test
    void failsWhereTheProcessesCannotBeListed() {
        ProcScan scan = new ProcScan(proc.resolve("none"), Set.of(), this::holdsAny);
        assertThatThrownBy(() -> scan.find(List.of(pod))).isInstanceOf(IOException.class);
    }

    @Test
    void asksTheKernelWhichAddressesANamespaceHas() throws IOException {
        InterfaceAddresses check = new InterfaceAddresses();
        try (TwoNamespaces both = TwoNamespaces.create()) {
            assertThat(check.holdsAny(both.pod(), List.of(TwoNamespaces.POD4))).isTrue();
            assertThat(check.holdsAny(both.pod(), List.of(TwoNamespaces.OUTSIDE6, TwoNamespaces.POD6)))
                    .isTrue();
            assertThat(check.holdsAny(both.pod(), List.of(TwoNamespaces.OUTSIDE4)))
                    .isFalse();
        }
    }

    @Test
    void opensReportedPathsBelowTheHostsRootOnly() throws IOException {
        Netns netns = make("10.0.0.1");
        Path root = Files.createDirectories(proc.resolve("host"));
        Files.createDirectories(root.resolve("run"));
        Files.createSymbolicLink(
                root.resolve("run/pod"), Path.of("/proc/self/fd/" + netns.fd().number()));
        Files.createSymbolicLink(root.resolve("run/own"), Path.of("/proc/self/ns/net"));
        Files.writeString(root.resolve("run/file"), "x");
        NetnsFinder finder = new NetnsFinder(root, ProcScan.of(Path.of("/proc"), this::holdsAny));

        try (NetnsRef opened = finder.open("/run/pod")) {
            assertThat(opened.id()).isEqualTo(netns.id());
        }
        assertThatThrownBy(() -> finder.open("/run/own")).hasMessageContaining("the node's own network namespace");
        assertThatThrownBy(() -> finder.open("/run/file")).hasMessageContaining("ENOTTY");
        assertThatThrownBy(() -> finder.open("/run/none")).hasMessageContaining("must be mounted into the agent");
        for (String path : List.of("run/pod", "", "/run/../run/pod", "/run/\0")) {
            assertThatThrownBy(() -> finder.open(path)).hasMessageContaining("not a plain absolute path");
        }
    }

    private NetnsRef found(Map<PodUid, NetnsRef> all) {
        return Objects.requireNonNull(all.get(pod.uid()), "not found");
    }

    private ProcScan scan() {
        return new ProcScan(proc, Set.of(), this::holdsAny);
    }

    private boolean holdsAny(Netns netns, Collection<InetAddress> ips) {
        return ips.stream().anyMatch(ip -> held.contains(netns.id() + " " + ip.getHostAddress()));
    }

    private Netns make(String ip) throws IOException {
        Netns netns = Netns.create();
        namespaces.add(netns);
        held.add(netns.id() + " " + ip);
        return netns;
    }

    private void process(int pid, Netns netns, long startTime, String podUid) throws IOException {
        Path directory = Files.createDirectories(proc.resolve(Integer.toString(pid)));
        Files.createDirectories(directory.resolve("ns"));
        Files.createSymbolicLink(
                directory.resolve("ns/net"),
                Path.of("/proc/self/fd/" + netns.fd().number()));
        Files.writeString(directory.resolve("stat"), stat("pause", startTime));
        Files.writeString(
                directory.resolve("cgroup"), "0::/kubepods/burstable/pod" + podUid + "/" + "ab".repeat(32) + "\n");
    }

    private static String stat(String command, long startTime) {
        return "7 (" + command + ") S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 " + startTime + " 1000 1 1 1\n";
    }
}
