package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The proxy runs as the original's chart runs it: three capabilities, a read-only root, a memory limit. */
@Tag("e2e")
final class RestrictedProxyTest {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** Of both proxies: the chart of the original asks for 512 MiB for one. */
    private static final long MEMORY_BYTES_MAX = 512L << 20;

    /** Joins the limited cgroup, mounts all but a tmpfs read-only, drops all capabilities but the chart's. */
    private static final String RESTRICT = """
            set -eu
            echo $$ > "$0/cgroup.procs"
            mount --make-rprivate /
            mount -t tmpfs -o size=64m tmpfs /mnt
            for m in $(awk '{print $2}' /proc/self/mounts); do
              case "$m" in /proc*|/sys*|/dev*|/mnt) ;; *) mount -o remount,bind,ro "$m" 2>/dev/null || true ;; esac
            done
            if touch /usr/.writable 2>/dev/null; then echo "the root file system is writable" >&2; exit 9; fi
            caps=-all,+net_admin,+sys_admin,+net_raw
            exec setpriv --bounding-set "$caps" --inh-caps "$caps" --no-new-privs -- "$@"
            """;

    @Test
    void threeCapabilitiesAReadOnlyRootAndLittleMemoryAreEnough() throws IOException {
        Programs.assumeMeshesCanRun();
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "not run: util-linux has no setpriv here");
        Path limited = limitedCgroup();
        try {
            run(limited);
        } finally {
            // Busy until the kernel has buried the last of its processes.
            Await.untilTrue("the cgroup is gone", LIMIT, () -> gone(limited), limited::toString);
        }
    }

    private static boolean gone(Path group) throws IOException {
        Files.deleteIfExists(group);
        return true;
    }

    private static void run(Path limited) throws IOException {
        List<String> command =
                new ArrayList<>(List.of("unshare", "--mount", "bash", "-c", RESTRICT, limited.toString()));
        for (String argument : Programs.proxy()) {
            command.add(
                    argument.startsWith("-Dio.netty.native.workdir=") ? "-Dio.netty.native.workdir=/mnt" : argument);
        }
        MeshSpec spec = MeshSpec.mesh("restricted")
                .namespace("default", namespace -> namespace.mesh(true))
                .node("one", node -> node.pod("client", pod -> {}))
                .node("two", node -> node.pod("server", pod -> pod.serves(Kind.ECHO, 7)))
                .build();
        try (Mesh mesh = Mesh.start(
                spec,
                Programs.options()
                        .proxyOn("one", command)
                        .proxyOn("two", command)
                        .build())) {
            TcpResult result = mesh.pod("client")
                    .tcp()
                    .exchange(mesh.pod("server").at(7), "ping".getBytes(StandardCharsets.US_ASCII));
            assertThat(result).isInstanceOf(TcpResult.Answered.class);
            assertThat(effectiveCapabilities(mesh.node("one").proxy().pid()))
                    .as("NET_ADMIN, NET_RAW and SYS_ADMIN (capability.h: 12, 13, 21)")
                    .isEqualTo((1L << 12) | (1L << 13) | (1L << 21));
        }
    }

    /** A cgroup whose processes may have {@value #MEMORY_BYTES_MAX} bytes together: both proxies of the mesh. */
    private static Path limitedCgroup() throws IOException {
        String name = "cvt-restricted-" + ProcessHandle.current().pid();
        Path v1 = Path.of("/sys/fs/cgroup/memory");
        Path group = Files.isDirectory(v1) ? v1.resolve(name) : Path.of("/sys/fs/cgroup", name);
        Files.createDirectory(group);
        Path limit = group.resolve(Files.isDirectory(v1) ? "memory.limit_in_bytes" : "memory.max");
        Files.writeString(limit, Long.toString(MEMORY_BYTES_MAX));
        return group;
    }

    private static long effectiveCapabilities(long pid) throws IOException {
        return Files.readString(Path.of("/proc/" + pid + "/status"))
                .lines()
                .filter(line -> line.startsWith("CapEff:"))
                .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
                .findFirst()
                .orElseThrow();
    }
}
